import { PERMISSION_NAMES, type Permission } from "./permissions.ts";
import { canDelegate, type Grant, reaches, type Role, ROLES, type ScopeType } from "./roles.ts";

/** A node of the tree at which a role can be held. `teamId`: the project's team; null for the other two. */
export interface Scope {
  type: ScopeType;
  id: string;
  teamId: string | null;
}

export type GrantFor = (permission: Permission) => Grant | null;

/** Is the grant held at this node, by a binding on it or above it? */
export function covers(grant: Grant | null, scope: Scope): boolean {
  if (!grant) return false;
  if (grant.org) return scope.type !== "org" || scope.id === grant.orgId;
  if (scope.type === "team") return grant.teams.has(scope.id);
  return scope.type === "project" && scope.teamId !== null && reaches(grant, { id: scope.id, teamId: scope.teamId });
}

/** Every permission that the caller holds at this node. */
export function heldAt(grantFor: GrantFor, scope: Scope): Set<Permission> {
  return new Set(PERMISSION_NAMES.filter((name) => covers(grantFor(name), scope)));
}

export type Refusal = { field: "role" | "scopeType" | null; message: string };

/**
 * Why a caller may not give (or take) this role at this node; null when they may. They need `members:manage` there and every
 * permission of the role, so nobody can raise themselves or touch somebody above them.
 */
export function whyNotGive(role: Role, scope: Scope, grantFor: GrantFor): Refusal | null {
  if (!(ROLES[role].scopes as readonly ScopeType[]).includes(scope.type)) {
    return { field: "scopeType", message: `${ROLES[role].label} is a role for ${ROLES[role].scopes.map(scopeWord).join(" or ")}, not for ${scopeWord(scope.type)}.` };
  }
  const held = heldAt(grantFor, scope);
  if (!held.has("members:manage")) return { field: null, message: `You need the permission members:manage on this ${scope.type === "org" ? "organization" : scope.type}. Ask an organization admin for it.` };
  if (!canDelegate(role, held)) return { field: "role", message: `${ROLES[role].label} may do things that you may not do here, so you cannot give or take this role.` };
  return null;
}

function scopeWord(type: ScopeType): string {
  return type === "org" ? "the organization" : `a ${type}`;
}
