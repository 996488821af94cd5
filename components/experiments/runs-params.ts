import { createLoader, parseAsArrayOf, parseAsString, parseAsStringLiteral } from "nuqs/server";
import type { RunFilter } from "../../domain/experiments/run-inputs.ts";
import { RUN_STATUSES } from "../../domain/experiments/run-status.ts";
import { isId, isSlug } from "../../domain/shared/id-format.ts";

/** The URL of the list of runs: page and hook read the same schema, so a link shows a colleague the same rows. */
export const runsParams = {
  /** Scope of the whole console, set in the top bar. */
  project: parseAsString,
  q: parseAsString.withDefault(""),
  status: parseAsArrayOf(parseAsStringLiteral(RUN_STATUSES)).withDefault([]),
  owner: parseAsStringLiteral(["me"] as const),
  experiment: parseAsString,
  /** The run that the drawer shows. */
  peek: parseAsString,
};
export const loadRunsParams = createLoader(runsParams);

export type RunsParams = Awaited<ReturnType<typeof loadRunsParams>>;

/** What the server is asked for. Words in a URL that are no slug or id are left out rather than refused. */
export function runFilterOf({ project, q, status, owner, experiment }: Omit<RunsParams, "peek">): RunFilter {
  return {
    ...scopeOf(project),
    ...(q.trim() ? { text: q.trim().slice(0, 200) } : {}),
    ...(status.length > 0 ? { status } : {}),
    ...(owner ? { owner } : {}),
    ...(experiment && isId("experiment", experiment) ? { experimentId: experiment } : {}),
  };
}

/** The list's query, the same for the page that prefetches and the table that shows it. */
export const runsListInput = (filter: RunFilter) => ({ ...filter, limit: 50 });

/** The project of the scope bar, for queries that take nothing else. */
export function scopeOf(project: string | null): { project?: string } {
  return project && isSlug(project) ? { project } : {};
}

/** Does anything but the scope narrow the list? */
export const isNarrowed = ({ q, status, owner, experiment }: Omit<RunsParams, "peek" | "project">): boolean => q.trim() !== "" || status.length > 0 || owner !== null || experiment !== null;
