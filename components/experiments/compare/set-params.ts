import { createLoader, createSerializer, parseAsInteger } from "nuqs/server";
import { isId } from "../../../domain/shared/id-format.ts";
import type { RunsOf } from "../../../domain/experiments/compare/group-inputs.ts";
import { paths } from "../../../paths.ts";
import { runsParams, type RunsParams, scopeOf, tableSetOf } from "../runs-params.ts";

const { project, q, status, owner, experiment, f, archived, group } = runsParams;

/** Which runs a comparison in groups is of, in its URL: those that the table of runs shows. `q` is the charts' own there. */
const setParams = { project, text: q, status, owner, experiment, f, archived };
/** Chosen rows are too many for the URL's query, which servers see: they stand behind its #, and how many they are here. */
export const allParams = { ...setParams, chosen: parseAsInteger };
export const loadSetParams = createLoader(allParams);
export type SetParams = Awaited<ReturnType<typeof loadSetParams>>;

const serialize = createSerializer({ ...setParams, group });

type Shown = Pick<RunsParams, "project" | "q" | "status" | "owner" | "experiment" | "f" | "archived" | "group">;

/** To all that the table of runs shows, grouped as it is. */
export const compareAllPath = (org: string, { q: text, ...shown }: Shown): string => serialize(paths.compareAll(org), { ...pick(shown), text });
const pick = ({ project, status, owner, experiment, f, archived, group }: Omit<Shown, "q">) => ({ project, status, owner, experiment, f, archived, group });

export const compareChosenPath = (org: string, ids: readonly string[]): string => `${paths.compareAll(org)}?chosen=${ids.length}#runs=${ids.join(",")}`;

/** @param hash The URL's part from # on. null: its runs are not there. */
export function runsOf(params: SetParams, hash: string): RunsOf | null {
  if (params.chosen === null) return tableSetOf({ ...params, q: params.text });
  const ids = [...new Set(/^#runs=(.*)$/.exec(hash)?.[1]?.split(",").filter((id) => isId("run", id)) ?? [])];
  return ids.length > 0 ? { ids } : null;
}

/** Where names to choose from are looked for. */
export const scopeOfSet = ({ project: slug, experiment: id }: SetParams) => ({ ...scopeOf(slug), ...(id && isId("experiment", id) ? { experimentId: id } : {}) });

/** Back to the table of runs that show the same. */
const runsTable = createSerializer({ project, q, status, owner, experiment, f, archived });
export const tablePath = (org: string, { project: slug, text, status: some, owner: whose, experiment: id, f: filter, archived: old }: SetParams): string =>
  runsTable(paths.runs(org), { project: slug, q: text, status: some, owner: whose, experiment: id, f: filter, archived: old });
