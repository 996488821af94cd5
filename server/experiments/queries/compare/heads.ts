import { and, eq, inArray, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { projects } from "../../../../db/schema/access.ts";
import { runs } from "../../../../db/schema/experiments.ts";
import type { Grant } from "../../../../domain/access/roles.ts";
import type { ComparedRun } from "../../../../domain/experiments/compare/view.ts";
import { findRuns } from "../runs.ts";
import { reachedProjects } from "../visible.ts";

/** Among these runs, what the caller may see: a link that names others shows the rest, and says nothing about them. */
export const comparable = (grant: Grant, ids: readonly string[]): SQL => and(eq(runs.orgId, grant.orgId), inArray(runs.id, [...ids]), reachedProjects(grant))!;

/** Ids of those that may be seen, in the order asked for, each once; with when each began. */
export async function visibleRuns(db: DbOrTx, grant: Grant, ids: readonly string[]): Promise<{ id: string; startedAt: Date | null }[]> {
  const found = await db.select({ id: runs.id, startedAt: runs.startedAt }).from(runs).innerJoin(projects, eq(projects.id, runs.projectId)).where(comparable(grant, ids));
  return inOrder(ids, found);
}

export async function readHeads(db: DbOrTx, grant: Grant, ids: readonly string[]): Promise<ComparedRun[]> {
  const found = await findRuns(db, comparable(grant, ids), ids.length);
  return inOrder(ids, found.map(({ run, project, experiment, ownerName }) => ({
    id: run.id, name: run.name, status: run.status, project: { id: project.id, slug: project.slug, name: project.name }, experiment, owner: ownerName,
    createdAt: run.createdAt, startedAt: run.startedAt, endedAt: run.endedAt,
  })));
}

function inOrder<T extends { id: string }>(ids: readonly string[], found: readonly T[]): T[] {
  const byId = new Map(found.map((one) => [one.id, one]));
  return [...new Set(ids)].flatMap((id) => byId.get(id) ?? []);
}
