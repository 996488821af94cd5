import type { Permission } from "./permissions.ts";
import { PERMISSION_NAMES } from "./permissions.ts";
import { fitsProject, resolveGrant, type Role } from "./roles.ts";
import { heldAt, type GrantFor, type Scope } from "./scopes.ts";

/**
 * What a token of a service account may be given: what the account's roles hold in its project, and the giver holds there too.
 * In the order of PERMISSIONS.
 */
export function grantableTo(ctx: { orgId: string; grantFor: GrantFor }, roles: readonly Role[], project: Scope & { type: "project" }): Permission[] {
  const mine = heldAt(ctx.grantFor, project);
  const bindings = roles.map((role) => ({ role, scopeType: "project" as const, scopeId: project.id }));
  const its = heldAt((name) => resolveGrant(ctx.orgId, name, bindings, null, { id: project.id, teamId: project.teamId ?? "" }), project);
  return PERMISSION_NAMES.filter((name) => mine.has(name) && its.has(name));
}

/** What a token of one's own may be given: all that one holds, or, where it is bound to a project, what one holds there and such a token can hold. In the order of PERMISSIONS. */
export function grantableToOwn(viewer: { held: readonly Permission[]; projects: readonly { id: string; held: readonly Permission[] }[] }, projectId: string | null): Permission[] {
  const held = projectId ? (viewer.projects.find(({ id }) => id === projectId)?.held.filter(fitsProject) ?? []) : viewer.held;
  return PERMISSION_NAMES.filter((name) => held.includes(name));
}
