import { and, asc, eq, isNull, or, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects, users } from "../../../db/schema/access.ts";
import { savedViews } from "../../../db/schema/reports.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import type { ListViews } from "../../../domain/experiments/report-inputs.ts";
import type { SavedView } from "../../../domain/experiments/saved-view.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import { reachedProjects } from "./visible.ts";

const MAX_VIEWS = 200;

/** One's own, and what is shared in projects that one reaches. */
const seen = (grant: Grant, actorId: string): SQL =>
  and(eq(savedViews.orgId, grant.orgId), or(and(eq(savedViews.ownerId, actorId), or(isNull(savedViews.projectId), reachedProjects(grant))), and(eq(savedViews.sharing, "project"), reachedProjects(grant))))!;

async function find(db: DbOrTx, where: SQL, actorId: string): Promise<SavedView[]> {
  const rows = await db
    .select({ view: savedViews, project: { id: projects.id, slug: projects.slug, name: projects.name }, owner: sql<string>`coalesce(${users.name}, 'a service account')` })
    .from(savedViews)
    .leftJoin(projects, eq(projects.id, savedViews.projectId))
    .leftJoin(users, eq(users.id, savedViews.ownerId))
    .where(where)
    .orderBy(asc(savedViews.name), asc(savedViews.id))
    .limit(MAX_VIEWS);
  return rows.map(({ view: { id, page, name, sharing, state, ownerId, updatedAt }, project, owner }) => ({ id, page, name, sharing, state, project, owner, mine: ownerId === actorId, updatedAt }));
}

export const listViews = (db: DbOrTx, grant: Grant, actorId: string, { page, project }: ListViews): Promise<SavedView[]> =>
  find(db, and(seen(grant, actorId), eq(savedViews.page, page), project ? or(isNull(savedViews.projectId), eq(projects.slug, project)) : undefined)!, actorId);

/** @throws DomainError "not_found" */
export async function getView(db: DbOrTx, grant: Grant, actorId: string, id: string): Promise<SavedView> {
  const [view] = await find(db, and(seen(grant, actorId), eq(savedViews.id, id))!, actorId);
  if (!view) throw notFound();
  return view;
}
