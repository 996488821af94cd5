"use client";
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { MemberView } from "../../../domain/access/people-view.ts";
import { type Role, ROLES } from "../../../domain/access/roles.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan } from "../../providers/viewer.tsx";
import { notifyDone } from "../../ui/notify.ts";
import classes from "../access.module.css";
import { formError } from "../api-error.ts";
import { FormAlert } from "../form-alert.tsx";
import { PlaceField, RoleField, useGrantable } from "./place-fields.tsx";

/** One more role for a member. Absent for those who manage nobody. */
export function GrantForm({ principal }: { principal: Pick<MemberView, "id" | "name"> }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const manages = useCan("members:manage").ok;
  const places = useGrantable(manages);
  const [scopeId, setScopeId] = useState<string | null>(null);
  const [role, setRole] = useState<Role | null>(null);
  const place = places.find((one) => one.scopeId === scopeId);
  const grant = useMutation(trpc.access.grantRole.mutationOptions({
    onSuccess: async (_, input) => {
      await Promise.all([queries.invalidateQueries(trpc.access.people.pathFilter()), queries.invalidateQueries(trpc.access.member.pathFilter())]);
      notifyDone(`${principal.name} is now ${ROLES[input.role].label} of ${place?.name}.`);
      setRole(null);
    },
  }));
  if (!manages) return null;
  return (
    <section aria-label="Give a role">
      <h2 className={classes.drawerHead}>Give a role</h2>
      <div className={classes.fields} style={{ marginTop: 8 }}>
        <FormAlert message={grant.error ? formError(grant.error) : null} />
        <PlaceField places={places} value={scopeId} onChange={(id) => { setScopeId(id); setRole(null); }} placeholder="Organization, team or project" />
        <RoleField roles={place?.roles ?? []} value={role} onChange={(next) => setRole(next as Role | null)} disabled={!place} placeholder={place ? "Choose" : undefined} />
        <Button variant="default" style={{ alignSelf: "flex-start" }} disabled={!place || !role} loading={grant.isPending} onClick={() => place && role && grant.mutate({ principalId: principal.id, role, scopeType: place.scopeType, scopeId: place.scopeId })}>
          Give role
        </Button>
      </div>
    </section>
  );
}
