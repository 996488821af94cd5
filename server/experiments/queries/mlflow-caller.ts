import { and, eq, inArray } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { attempts, experiments, runEvents, runs } from "../../../db/schema/experiments.ts";
import { LIVE_ATTEMPT_STATUSES } from "../../../domain/experiments/attempt-status.ts";

export interface ProjectRow {
  id: string;
  teamId: string;
  slug: string;
}

const PROJECT = { id: projects.id, teamId: projects.teamId, slug: projects.slug };

/** The run of a live attempt, with its project; null once the attempt has ended or was given up. */
export async function findRunOfToken(db: DbOrTx, attemptId: string) {
  const [row] = await db
    .select({ run: { id: runs.id, orgId: runs.orgId, name: runs.name, experimentId: runs.experimentId, experimentName: experiments.name, ownerType: runs.ownerType, ownerId: runs.ownerId }, project: PROJECT })
    .from(attempts)
    .innerJoin(runs, eq(runs.id, attempts.runId))
    .innerJoin(experiments, eq(experiments.id, runs.experimentId))
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .where(and(eq(attempts.id, attemptId), inArray(attempts.status, [...LIVE_ATTEMPT_STATUSES])))
    .limit(1);
  return row ?? null;
}

/** The kind of the timeline's entry that says who made a run. */
export const CREATED = "run.created";

/**
 * Which of these runs the token of an attempt of `parentId` made. The timeline says so, which clients only ever add to: the
 * tag mlflow.parentRunId names the same run, but whoever may log to a run can set that to anything.
 */
export async function findMadeBy(db: DbOrTx, parentId: string, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectDistinct({ id: runEvents.runId })
    .from(runEvents)
    .innerJoin(attempts, eq(attempts.id, runEvents.attemptId))
    .where(and(inArray(runEvents.runId, [...ids]), eq(runEvents.kind, CREATED), eq(attempts.runId, parentId)));
  return rows.map(({ id }) => id);
}
