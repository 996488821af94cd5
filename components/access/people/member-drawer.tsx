"use client";
import { Button, Drawer, Skeleton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { BindingView, MemberView } from "../../../domain/access/people-view.ts";
import { ROLES } from "../../../domain/access/roles.ts";
import { isId } from "../../../domain/shared/id-format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useViewer } from "../../providers/viewer.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { Id } from "../../ui/id.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import { ErrorBox } from "../../ui/query-error.tsx";
import { Ago } from "../../ui/time.tsx";
import classes from "../access.module.css";
import { GrantForm } from "./grant-form.tsx";
import { RoleWord } from "./role-list.tsx";


/** One member: roles, where each comes from, and the ways to change them. */
export function MemberDrawer({ id, onClose }: { id: string | null; onClose: () => void }) {
  const known = id && isId("user", id) ? id : null;
  return (
    <Drawer opened={known !== null} onClose={onClose} position="right" size={480} title="Member">
      {known && <MemberBody id={known} onClose={onClose} />}
    </Drawer>
  );
}

function MemberBody({ id, onClose }: { id: string; onClose: () => void }) {
  const trpc = useTRPC();
  const { data: member, error, refetch } = useQuery(trpc.access.member.queryOptions({ userId: id }));
  if (error) return <ErrorBox what="This member could not be loaded" error={error} retry={() => void refetch()} />;
  if (!member) return <Skeleton height={280} />;
  return (
    <div className={classes.drawer}>
      <div>
        <div className={classes.drawerName}>{member.name}{member.isViewer && <span className="dim"> (you)</span>}</div>
        <div className="dim" style={{ overflowWrap: "anywhere" }}>{member.email}</div>
        <div className={classes.drawerFacts}><Id value={member.id} /><span className="dim">Last sign-in <Ago at={member.lastSignInAt} /></span></div>
      </div>
      <Roles member={member} />
      <GrantForm principal={member} />
      <RemoveMember member={member} onDone={onClose} />
    </div>
  );
}

function Roles({ member }: { member: MemberView }) {
  return (
    <section aria-label="Roles">
      <h2 className={classes.drawerHead}>Roles</h2>
      <ul className={classes.rows}>
        {member.bindings.map((binding) => (
          <li key={binding.id} className={classes.row}>
            <div className={classes.rowMain}>
              <RoleWord {...binding} />
              <div className="dim" style={{ fontSize: 12 }}>{binding.grantedBy ? <>Given by {binding.grantedBy} </> : "Given "}<Ago at={binding.at} /></div>
            </div>
            <TakeAway member={member} binding={binding} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function useRefetchPeople() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  return () => Promise.all([queries.invalidateQueries(trpc.access.people.pathFilter()), queries.invalidateQueries(trpc.access.member.pathFilter()), queries.invalidateQueries(trpc.access.viewer.pathFilter())]);
}

function TakeAway({ member, binding }: { member: MemberView; binding: BindingView }) {
  const trpc = useTRPC();
  const refetch = useRefetchPeople();
  const label = `${ROLES[binding.role].label} of ${binding.scopeName}`;
  const revoke = useMutation(trpc.access.revokeRole.mutationOptions({
    onSuccess: () => refetch().then(() => notifyDone(`${member.name} is no longer ${label}.`)),
    onError: notifyError("The role was not taken away"),
  }));
  const ask = () =>
    confirmAct({
      title: `Take “${label}” from ${member.name}?`,
      effect: member.bindings.length === 1 ? `It is their last role: they leave the organization, and their API tokens here stop working. It takes effect at once.` : "It takes effect with their next request. Their other roles stay.",
      verb: "Take role away",
      onConfirm: () => revoke.mutate({ id: binding.id }),
    });
  return (
    <Guarded allowed={binding.removable}>
      <Button variant="default" onClick={ask} loading={revoke.isPending} aria-label={`Take away ${label}`}>Take away</Button>
    </Guarded>
  );
}

function RemoveMember({ member, onDone }: { member: MemberView; onDone: () => void }) {
  const trpc = useTRPC();
  const { org } = useViewer();
  const refetch = useRefetchPeople();
  const remove = useMutation(trpc.access.removeMember.mutationOptions({
    onSuccess: () => {
      onDone();
      notifyDone(`${member.name} was removed from ${org.name}.`);
      return refetch();
    },
    onError: notifyError(`${member.name} was not removed`),
  }));
  const ask = () =>
    confirmAct({
      title: `Remove ${member.name} from ${org.name}?`,
      effect: "They lose all roles at once and their API tokens here stop working. Their runs go on and stay, as do their entries in the audit log.",
      verb: "Remove",
      onConfirm: () => remove.mutate({ userId: member.id }),
    });
  return (
    <div className={classes.drawerEnd}>
      <Guarded allowed={member.removable}>
        <Button variant="default" onClick={ask} loading={remove.isPending}>Remove from {org.name}</Button>
      </Guarded>
    </div>
  );
}
