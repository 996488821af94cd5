import { and, asc, eq, isNull, or, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects, users } from "../../../db/schema/access.ts";
import { savedViews } from "../../../db/schema/reports.ts";
import type { Permission } from "../../../domain/access/permissions.ts";
import { reaches } from "../../../domain/access/roles.ts";
import type { ListViews } from "../../../domain/experiments/report-inputs.ts";
import type { SavedView } from "../../../domain/experiments/saved-view.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import { reachedProjects } from "./visible.ts";

const MAX_VIEWS = 200;

/** One's own, and what is shared in projects that one reaches. */
const seen = ({ grant, actor }: Ctx): SQL =>
  and(eq(savedViews.orgId, grant.orgId), or(and(eq(savedViews.ownerId, actor.id), or(isNull(savedViews.projectId), reachedProjects(grant))), and(eq(savedViews.sharing, "project"), reachedProjects(grant))))!;

export interface Kept {
  view: typeof savedViews.$inferSelect;
  project: { id: string; slug: string; name: string; teamId: string } | null;
}

/** What the caller may do with a view: with what others see too, only as long as they may write there. */
export function mayOf(ctx: Ctx, { view, project }: Kept): { change: boolean; remove: boolean } {
  const holds = (permission: Permission) => {
    const grant = ctx.grantFor(permission);
    return grant !== null && project !== null && reaches(grant, project);
  };
  const change = view.ownerId === ctx.actor.id && (view.sharing === "private" || holds("reports:write"));
  return { change, remove: change || (view.sharing === "project" && holds("projects:manage")) };
}

/** Those that the caller sees. */
export function findViews(db: DbOrTx, ctx: Ctx, where: SQL | undefined) {
  return db
    .select({ view: savedViews, project: { id: projects.id, slug: projects.slug, name: projects.name, teamId: projects.teamId }, owner: sql<string>`coalesce(${users.name}, 'a service account')` })
    .from(savedViews)
    .leftJoin(projects, eq(projects.id, savedViews.projectId))
    .leftJoin(users, eq(users.id, savedViews.ownerId))
    .where(and(seen(ctx), where))
    .orderBy(asc(savedViews.name), asc(savedViews.id))
    .limit(MAX_VIEWS);
}

function toView(ctx: Ctx, { view, project, owner }: Kept & { owner: string }): SavedView {
  const { id, page, name, sharing, state, updatedAt } = view;
  const { change: mine, remove: removable } = mayOf(ctx, { view, project });
  return { id, page, name, sharing, state, project: project && { id: project.id, slug: project.slug, name: project.name }, owner, mine, removable, updatedAt };
}

export async function listViews(ctx: Ctx, { page, project }: ListViews): Promise<SavedView[]> {
  const found = await findViews(ctx.db, ctx, and(eq(savedViews.page, page), project ? or(isNull(savedViews.projectId), eq(projects.slug, project)) : undefined));
  return found.map((one) => toView(ctx, one));
}

/** @throws DomainError "not_found" */
export async function getView(ctx: Ctx, id: string): Promise<SavedView> {
  const [found] = await findViews(ctx.db, ctx, eq(savedViews.id, id));
  if (!found) throw notFound();
  return toView(ctx, found);
}
