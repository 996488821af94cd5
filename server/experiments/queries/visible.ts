import { and, eq, inArray, or, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { attempts, runs } from "../../../db/schema/experiments.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import { notFound } from "../../../domain/shared/errors.ts";

/** The projects that a grant reaches, as a condition on the `projects` table: visibility is decided in SQL, never after it. */
export function reachedProjects(grant: Grant): SQL {
  const inOrg = eq(projects.orgId, grant.orgId);
  if (grant.org) return inOrg;
  const within = or(
    grant.teams.size > 0 ? inArray(projects.teamId, [...grant.teams]) : undefined,
    grant.projects.size > 0 ? inArray(projects.id, [...grant.projects]) : undefined,
  );
  return within ? and(inOrg, within)! : sql`false`;
}

/** @throws DomainError "not_found" when no such project is reached. */
export async function getProject(db: DbOrTx, grant: Grant, slug: string) {
  const [project] = await db.select().from(projects).where(and(reachedProjects(grant), eq(projects.slug, slug))).limit(1);
  if (!project) throw notFound();
  return project;
}

/** The run's ids and status. @throws DomainError "not_found" when it is missing or out of the grant's reach. */
export async function getVisibleRun(db: DbOrTx, grant: Grant, id: string) {
  const [run] = await db
    .select({ id: runs.id, orgId: runs.orgId, projectId: runs.projectId, experimentId: runs.experimentId, status: runs.status, startedAt: runs.startedAt })
    .from(runs)
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .where(and(eq(runs.orgId, grant.orgId), eq(runs.id, id), reachedProjects(grant)))
    .limit(1);
  if (!run) throw notFound();
  return run;
}

/** The attempt with what its log needs. @throws DomainError "not_found" as above. */
export async function getVisibleAttempt(db: DbOrTx, grant: Grant, id: string) {
  const [attempt] = await db
    .select({ id: attempts.id, orgId: attempts.orgId, runId: attempts.runId, number: attempts.number, runName: runs.name, drainedAt: attempts.drainedAt })
    .from(attempts)
    .innerJoin(runs, eq(runs.id, attempts.runId))
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .where(and(eq(attempts.orgId, grant.orgId), eq(attempts.id, id), reachedProjects(grant)))
    .limit(1);
  if (!attempt) throw notFound();
  return attempt;
}
