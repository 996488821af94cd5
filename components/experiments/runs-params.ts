import { createLoader, parseAsArrayOf, parseAsBoolean, parseAsInteger, parseAsString, parseAsStringLiteral } from "nuqs/server";
import type { RunFilter } from "../../domain/experiments/run-inputs.ts";
import { RUN_STATUSES } from "../../domain/experiments/run-status.ts";
import { DEFAULT_COLUMNS, MAX_ORDERS, parseColumns, parseSorts, valuesOf } from "../../domain/experiments/table-columns.ts";
import { isId, isSlug } from "../../domain/shared/id-format.ts";

/** The URL of the list of runs: page and hook read the same schema, so a link shows a colleague the same rows. */
export const runsParams = {
  /** Scope of the whole console, set in the top bar. */
  project: parseAsString,
  q: parseAsString.withDefault(""),
  status: parseAsArrayOf(parseAsStringLiteral(RUN_STATUSES)).withDefault([]),
  owner: parseAsStringLiteral(["me"] as const),
  experiment: parseAsString,
  /** A filter in the grammar, beside the chips. */
  f: parseAsString.withDefault(""),
  archived: parseAsBoolean.withDefault(false),
  /** `status`, `metric:loss`, `param:lr@140`: in order, with widths that are not usual. */
  cols: parseAsArrayOf(parseAsString).withDefault([...DEFAULT_COLUMNS]),
  /** How many of the first columns stay while the others scroll. */
  pin: parseAsInteger.withDefault(2),
  /** `-metric:loss` is the greatest first. */
  sort: parseAsArrayOf(parseAsString).withDefault([]),
  /** One row per value of this instead of one per run. */
  group: parseAsString.withDefault(""),
  /** By which metric the best run of the experiment is told: `lower:loss`. Without it, by what is stored of the experiment. */
  best: parseAsString,
  /** The saved view that the page began as. */
  view: parseAsString,
  /** The run that the drawer shows. */
  peek: parseAsString,
};
export const loadRunsParams = createLoader(runsParams);

export type RunsParams = Awaited<ReturnType<typeof loadRunsParams>>;

/** What the server is asked for. Words in a URL that are no slug or id are left out rather than refused. */
export function runFilterOf({ project, q, status, owner, experiment }: Pick<RunsParams, "project" | "q" | "status" | "owner" | "experiment">): RunFilter {
  return {
    ...scopeOf(project),
    ...(q.trim() ? { text: q.trim().slice(0, 200) } : {}),
    ...(status.length > 0 ? { status } : {}),
    ...(owner ? { owner } : {}),
    ...(experiment && isId("experiment", experiment) ? { experimentId: experiment } : {}),
  };
}

/** Which runs the table shows. */
export const tableSetOf = (params: Parameters<typeof runFilterOf>[0] & Pick<RunsParams, "f" | "archived">) => ({ ...runFilterOf(params), ...(params.f.trim() ? { filter: params.f } : {}), ...(params.archived ? { archived: true } : {}) });

/** The table's query, the same for the page that prefetches and the table that shows it. */
export function tableInput(params: RunsParams) {
  const sorts = params.sort.slice(0, MAX_ORDERS).filter((one) => parseSorts([one]).length > 0);
  return { ...tableSetOf(params), sorts, columns: valuesOf(parseColumns(params.cols)), limit: 100 };
}

/** The project of the scope bar, for queries that take nothing else. */
export function scopeOf(project: string | null): { project?: string } {
  return project && isSlug(project) ? { project } : {};
}

/** Does anything but the scope narrow the list? */
export const isNarrowed = ({ q, f, archived, status, owner, experiment }: Pick<RunsParams, "q" | "f" | "archived" | "status" | "owner" | "experiment">): boolean => q.trim() !== "" || f.trim() !== "" || archived || status.length > 0 || owner !== null || experiment !== null;

/** What clears all of that. */
export const NO_FILTERS = { q: null, f: null, archived: null, status: null, owner: null, experiment: null } satisfies { [Name in keyof RunsParams]?: null };
