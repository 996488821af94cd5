"use client";
import { Select, type SelectProps } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Grantable } from "../../../domain/access/people-view.ts";
import { type Role, ROLES, type ScopeType } from "../../../domain/access/roles.ts";
import { useTRPC } from "../../providers/api.tsx";

const GROUPS: [ScopeType, string][] = [["org", "Organization"], ["team", "Teams"], ["project", "Projects"]];

/** Where the viewer may give roles, and which. Empty for those who manage nobody. */
export function useGrantable(enabled = true): Grantable[] {
  const trpc = useTRPC();
  return useQuery(trpc.access.grantable.queryOptions(undefined, { enabled })).data ?? [];
}

/** An organization, team or project, from those in which the viewer may give roles. */
export function PlaceField({ places, ...props }: { places: Grantable[] } & SelectProps) {
  const data = GROUPS.map(([type, group]) => ({ group, items: places.filter((place) => place.scopeType === type).map((place) => ({ value: place.scopeId, label: place.name })) })).filter(({ items }) => items.length > 0);
  return <Select label="Where" description="The role also holds for everything below." data={data} searchable={places.length > 8} allowDeselect={false} {...props} />;
}

/** A role that exists at the chosen place and that the viewer may give. */
export function RoleField({ roles, ...props }: { roles: Role[] } & SelectProps) {
  const chosen = props.value as Role | null;
  return (
    <Select
      label="Role"
      description={chosen ? ROLES[chosen].says : "Choose a place first."}
      data={roles.map((role) => ({ value: role, label: ROLES[role].label }))}
      allowDeselect={false}
      {...props}
    />
  );
}
