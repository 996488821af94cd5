import { PERMISSION_NAMES, PERMISSIONS, type Permission } from "../../domain/access/permissions.ts";
import { reaches, type Role } from "../../domain/access/roles.ts";
import { notFound } from "../../domain/shared/errors.ts";
import type { BaseCtx, Ctx } from "../trpc/context.ts";
import { findPrincipal, listOrgsOf, loadFrame } from "./queries.ts";

export interface Viewer {
  user: { id: string; name: string; email: string | null };
  org: { id: string; slug: string; name: string };
  roles: Role[];
  /** Held somewhere in the organization: enough to show a page, not to act on a project. */
  held: Permission[];
  teams: { id: string; slug: string; name: string }[];
  projects: { id: string; slug: string; name: string; teamId: string; archived: boolean; held: Permission[] }[];
}

export async function me(ctx: BaseCtx) {
  const caller = ctx.caller!;
  const user = await findPrincipal(ctx.db, caller.actor.id);
  if (!user) throw notFound();
  const all = await listOrgsOf(ctx.db, user.id);
  return { user, orgs: caller.tokenOrgId ? all.filter((org) => org.id === caller.tokenOrgId) : all };
}

/** Who looks, and what they may do where. The console shows and disables by this; the server decides by itself each time. */
export async function viewer(ctx: Ctx): Promise<Viewer> {
  const user = await findPrincipal(ctx.db, ctx.actor.id);
  if (!user) throw notFound();
  const frame = await loadFrame(ctx.db, ctx.actor.id, { orgId: ctx.orgId, projects: ctx.grantFor("projects:read") });
  const grants = PERMISSION_NAMES.flatMap((name) => ctx.grantFor(name) ?? []);
  const heldIn = (project: { id: string; teamId: string }) =>
    grants.filter((grant) => reaches(grant, project) || (PERMISSIONS[grant.permission].scope === "org" && grant.org)).map((grant) => grant.permission);
  return {
    user,
    org: frame.org,
    roles: [...new Set(frame.bindings.map((binding) => binding.role))],
    held: grants.map((grant) => grant.permission),
    teams: frame.teams,
    projects: frame.projects.map((project) => ({ ...project, held: heldIn(project) })),
  };
}
