import { and, eq, inArray } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { attempts, runs } from "../../../db/schema/experiments.ts";
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
    .select({ run: { id: runs.id, orgId: runs.orgId, name: runs.name, experimentId: runs.experimentId }, project: PROJECT })
    .from(attempts)
    .innerJoin(runs, eq(runs.id, attempts.runId))
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .where(and(eq(attempts.id, attemptId), inArray(attempts.status, [...LIVE_ATTEMPT_STATUSES])))
    .limit(1);
  return row ?? null;
}
