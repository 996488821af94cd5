import { and, eq, inArray, isNotNull, isNull, or, type SQL } from "drizzle-orm";
import { runs } from "../../../../db/schema/experiments.ts";
import type { ViewType } from "./search-experiments.ts";

/** Runs of some experiments of a project, as a view of deleted and active ones. A deleted experiment's runs are all deleted. */
export function runsOfView(projectId: string, known: { id: string; isDeleted: boolean }[], view: ViewType): { within: SQL; experimentIds: string[] } {
  const deleted = known.filter(({ isDeleted }) => isDeleted).map(({ id }) => id);
  const here = eq(runs.projectId, projectId);
  const ids = known.map(({ id }) => id);
  if (view === "ALL") return { within: here, experimentIds: ids };
  if (view === "ACTIVE_ONLY") return { within: and(here, isNull(runs.deletedAt))!, experimentIds: ids.filter((id) => !deleted.includes(id)) };
  return { within: and(here, deleted.length > 0 ? or(isNotNull(runs.deletedAt), inArray(runs.experimentId, deleted)) : isNotNull(runs.deletedAt))!, experimentIds: ids };
}
