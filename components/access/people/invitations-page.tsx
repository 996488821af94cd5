"use client";
import { Button } from "@mantine/core";
import { IconMail } from "@tabler/icons-react";
import { useMutation, useQueryClient, useSuspenseInfiniteQuery } from "@tanstack/react-query";
import type { InvitationView } from "../../../domain/access/people-view.ts";
import { ROLES } from "../../../domain/access/roles.ts";
import { useTRPC } from "../../providers/api.tsx";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import { ToneBadge } from "../../ui/status-badge.tsx";
import { Ago } from "../../ui/time.tsx";
import { BY_CURSOR, moreOf } from "../pages.ts";
import { InviteButton } from "./invite-dialog.tsx";
import { PeopleFrame } from "./people-frame.tsx";
import { RoleWord } from "./role-list.tsx";

export const INVITATION_COLUMNS: Column<InvitationView>[] = [
  { key: "email", title: "E-mail", width: 260, render: (row) => <strong style={{ fontWeight: 500 }}>{row.email}</strong> },
  { key: "role", title: "Role", hideBelow: "xs", render: (row) => <RoleWord {...row} /> },
  { key: "by", title: "Invited by", width: 160, hideBelow: "md", render: (row) => row.invitedBy },
  { key: "at", title: "Invited", width: 110, align: "right", hideBelow: "md", render: (row) => <Ago at={row.createdAt} /> },
  { key: "until", title: "Good until", width: 110, align: "right", hideBelow: "sm", render: (row) => (row.isExpired ? <ToneBadge tone="neutral" icon="dash">Expired</ToneBadge> : <Ago at={row.expiresAt} />) },
  { key: "act", title: "", align: "right", width: 96, render: (row) => <Withdraw invitation={row} /> },
];

/** Links that were sent and not used. */
export function InvitationsPage() {
  const trpc = useTRPC();
  const query = useSuspenseInfiniteQuery(trpc.access.invitations.infiniteQueryOptions({ limit: 50 }, BY_CURSOR));
  const rows: InvitationView[] = query.data.pages.flatMap((page) => page.items);
  const total = query.data.pages[0]!.total;
  return (
    <PeopleFrame actions={<InviteButton />}>
      <DataTable
        label="Invitations"
        noun="invitation"
        rows={rows}
        rowKey={(row) => row.id}
        columns={INVITATION_COLUMNS}
        total={total}
        more={moreOf(query)}
        empty={<EmptyState title="No open invitations" icon={<IconMail size={22} stroke={1.5} />}>Links that were made and not used yet are listed here. “Invite” makes one; it works once and for seven days.</EmptyState>}
      />
    </PeopleFrame>
  );
}

function Withdraw({ invitation }: { invitation: InvitationView }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const revoke = useMutation(trpc.access.revokeInvitation.mutationOptions({
    onSuccess: () => queries.invalidateQueries(trpc.access.invitations.pathFilter()).then(() => notifyDone(`The invitation of ${invitation.email} was withdrawn.`)),
    onError: notifyError("The invitation was not withdrawn"),
  }));
  const ask = () =>
    confirmAct({
      title: `Withdraw the invitation of ${invitation.email}?`,
      effect: `The link to become ${ROLES[invitation.role].label} of ${invitation.scopeName} stops working at once. You can invite them again.`,
      verb: "Withdraw",
      onConfirm: () => revoke.mutate({ id: invitation.id }),
    });
  return <Button variant="subtle" color="gray" size="compact-xs" onClick={ask} loading={revoke.isPending} aria-label={`Withdraw the invitation of ${invitation.email}`}>Withdraw</Button>;
}
