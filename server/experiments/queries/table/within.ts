import { and, eq, inArray, isNotNull, isNull, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { projects } from "../../../../db/schema/access.ts";
import { experiments, runs } from "../../../../db/schema/experiments.ts";
import type { Grant } from "../../../../domain/access/roles.ts";
import { FilterError, type Filter, RUN_NAMES, RUN_NAMES_WITHOUT_COST } from "../../../../domain/experiments/filter/ast.ts";
import { parseFilter } from "../../../../domain/experiments/filter/parse.ts";
import type { TableSet } from "../../../../domain/experiments/table-inputs.ts";
import { DomainError } from "../../../../domain/shared/errors.ts";
import type { Ctx } from "../../../trpc/context.ts";
import { runConditions } from "../runs.ts";
import { reachedProjects } from "../visible.ts";

/** Experiments whose indexes a sort by a metric walks, each by itself; beyond that the sort reads all summaries of the key. */
const MAX_WALKED = 300;

/** Who reads a table of runs. */
export interface TableReader {
  actorId: string;
  /** Else there is no cost: no name of the grammar, nothing to sort by, no column. Who may read a project's runs by a role may read its costs. */
  seesCosts: boolean;
}
export const readerOf = ({ actor, grantFor }: Pick<Ctx, "actor" | "grantFor">): TableReader => ({ actorId: actor.id, seesCosts: grantFor("costs:read") !== null });

export interface Within {
  /** Conditions on `runs` alone. */
  where: SQL;
  filter: Filter | null;
  /** Ids of the projects, unless it is all of the organization. */
  projectIds: string[] | null;
}

/** What a table shows, for this caller. @throws DomainError "invalid" naming the place in the filter. */
export async function withinOf(db: DbOrTx, grant: Grant, { actorId, seesCosts }: TableReader, set: TableSet): Promise<Within> {
  const all = grant.org && !set.project;
  const projectIds = all ? null : (await db.select({ id: projects.id }).from(projects).where(and(reachedProjects(grant), set.project ? eq(projects.slug, set.project) : undefined))).map(({ id }) => id);
  const where = and(
    eq(runs.orgId, grant.orgId),
    projectIds ? inArray(runs.projectId, projectIds) : undefined,
    set.archived ? isNotNull(runs.deletedAt) : isNull(runs.deletedAt),
    ...runConditions(actorId, set),
  )!;
  return { where, filter: parsed(set.filter, seesCosts), projectIds };
}

function parsed(text: string | undefined, seesCosts: boolean): Filter | null {
  if (!text) return null;
  try {
    return parseFilter(text, seesCosts ? RUN_NAMES : RUN_NAMES_WITHOUT_COST);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new DomainError("invalid", `${error.message} (at character ${error.at.from + 1} of the filter)`, { issues: [{ field: "filter", message: error.message }] });
  }
}

/** The experiments that a sort by a metric can walk; null where they are too many. */
export async function walkedExperiments(db: DbOrTx, grant: Grant, within: Within, experimentId: string | undefined): Promise<string[] | null> {
  if (experimentId) return [experimentId];
  const rows = await db
    .select({ id: experiments.id })
    .from(experiments)
    .where(and(eq(experiments.orgId, grant.orgId), within.projectIds ? inArray(experiments.projectId, within.projectIds) : undefined))
    .limit(MAX_WALKED + 1);
  return rows.length > MAX_WALKED ? null : rows.map(({ id }) => id);
}
