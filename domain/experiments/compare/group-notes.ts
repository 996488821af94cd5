import { formatCount, plural } from "../../shared/format.ts";
import { MAX_GROUP_LINES, MAX_GROUPED } from "./buckets.ts";
import type { GroupedSeries } from "./view.ts";

/** What a chart of groups is of, where it is not simply all: said under it. */
export function groupNotes({ groups, looked, more, allGroups }: GroupedSeries): string[] {
  const having = groups.reduce((sum, { runs }) => sum + runs, 0);
  return [
    ...(having < looked ? [`${formatCount(having)} of ${plural(looked, "run")}`] : []),
    ...(more ? [`the newest ${formatCount(MAX_GROUPED)} runs of more`] : []),
    ...(allGroups > MAX_GROUP_LINES ? [`the largest ${MAX_GROUP_LINES} of ${formatCount(allGroups)} groups`] : []),
  ];
}
