import { PERMISSION_NAMES, PERMISSIONS, type Permission } from "./permissions.ts";

/** Where a role may be given. A binding holds at its node and everywhere below it: organization › team › project. */
export const ROLES = {
  owner: { scopes: ["org"], label: "Organization owner", says: "Everything, including deleting the organization." },
  admin: { scopes: ["org"], label: "Organization admin", says: "Everything but deleting the organization and making owners." },
  billing: { scopes: ["org"], label: "Billing", says: "Sees what everything costs and sets prices; for those who look after money." },
  team_lead: { scopes: ["team"], label: "Team lead", says: "Manages the team: its people, projects, tokens, every run and model in it." },
  project_admin: { scopes: ["project"], label: "Project admin", says: "Manages the project: its people, tokens, every run and model in it." },
  member: { scopes: ["org", "team", "project"], label: "Member", says: "Submits runs, logs to them, and stops their own." },
  viewer: { scopes: ["org", "team", "project"], label: "Viewer", says: "Looks, changes nothing." },
} as const satisfies Record<string, { scopes: readonly ScopeType[]; label: string; says: string }>;

export type ScopeType = "org" | "team" | "project";
export type Role = keyof typeof ROLES;
export const ROLE_NAMES = Object.keys(ROLES) as [Role, ...Role[]];
export const SCOPE_TYPES = ["org", "team", "project"] as const;

const READ: Permission[] = ["org:read", "members:read", "projects:read", "clusters:read", "runs:read", "reports:read", "models:read", "costs:read"];
const WORK: Permission[] = [...READ, "runs:submit", "runs:log", "runs:cancel", "runs:interact", "runs:annotate", "reports:write", "models:write"];
const LEAD: Permission[] = [...WORK, "runs:cancel-any", "runs:interact-any", "runs:declare-lost", "queue:order", "models:promote", "members:manage", "projects:manage", "tokens:manage", "secrets:manage", "audit:read"];

/** role → permissions. The only place that says who may do what; the snapshot test prints it against every procedure. */
export const ROLE_PERMISSIONS: Record<Role, ReadonlySet<Permission>> = {
  owner: new Set(PERMISSION_NAMES),
  admin: new Set(PERMISSION_NAMES.filter((name) => name !== "org:delete")),
  billing: new Set<Permission>(["org:read", "members:read", "projects:read", "clusters:read", "audit:read", "costs:read", "costs:manage", "embeds:manage"]),
  team_lead: new Set(LEAD),
  project_admin: new Set(LEAD),
  member: new Set(WORK),
  viewer: new Set(READ),
};

/** Everyone in an organization sees its frame, people and clusters, whatever scope their binding has. */
const SEEN_BY_ALL_MEMBERS: ReadonlySet<Permission> = new Set<Permission>(["org:read", "members:read", "clusters:read"]);

/** Can a token that is bound to a project hold it? Acts on the organization never reach through one project. */
export const fitsProject = (permission: Permission): boolean => PERMISSIONS[permission].scope === "project" || SEEN_BY_ALL_MEMBERS.has(permission);

/** One role given to someone at one node of the tree. */
export interface Binding {
  role: Role;
  scopeType: ScopeType;
  scopeId: string;
}

/** What a caller holds for one permission: every project of the organization, or these. `org` is true when held on the organization itself. */
export interface Grant {
  orgId: string;
  permission: Permission;
  org: boolean;
  teams: ReadonlySet<string>;
  projects: ReadonlySet<string>;
}

/**
 * Resolve a permission over a caller's bindings. There are no deny rules: the union of bindings decides.
 * @param only A token's own subset; null for people. A token never exceeds its owner.
 * @param onlyProject A token's project; null for people. Organization-scoped acts are then never held.
 * @returns null when the permission is held nowhere.
 */
export function resolveGrant(
  orgId: string,
  permission: Permission,
  bindings: readonly Binding[],
  only: ReadonlySet<string> | null = null,
  onlyProject: { id: string; teamId: string } | null = null,
): Grant | null {
  if (only && !only.has(permission)) return null;
  const holds = bindings.filter((binding) => ROLE_PERMISSIONS[binding.role].has(permission));
  if (holds.length === 0) return null;
  const ids = (type: ScopeType) => new Set(holds.filter((b) => b.scopeType === type).map((b) => b.scopeId));
  const grant: Grant = { orgId, permission, org: ids("org").has(orgId), teams: ids("team"), projects: ids("project") };
  const seenByAll = SEEN_BY_ALL_MEMBERS.has(permission);
  if (!fitsProject(permission) && (!grant.org || onlyProject)) return null;
  if (!onlyProject) return grant;
  if (!seenByAll && !reaches(grant, onlyProject)) return null;
  return { ...grant, org: false, teams: new Set(), projects: new Set([onlyProject.id]) };
}

/** Does the grant reach this project? `teamId` is the project's team. */
export function reaches(grant: Grant, project: { id: string; teamId: string }): boolean {
  return grant.org || grant.teams.has(project.teamId) || grant.projects.has(project.id);
}

/** Nobody can give what they do not hold: every permission of `role` must be among `held`. */
export function canDelegate(role: Role, held: ReadonlySet<Permission>): boolean {
  return [...ROLE_PERMISSIONS[role]].every((permission) => held.has(permission));
}

/** What a caller holds of any permission by these bindings: a token, no more than its own part of them. */
export const grantsOf = (orgId: string, bindings: readonly Binding[], caller: { tokenPermissions: ReadonlySet<string> | null; tokenProject: { id: string; teamId: string } | null }) => (permission: Permission): Grant | null =>
  resolveGrant(orgId, permission, bindings, caller.tokenPermissions, caller.tokenProject);
