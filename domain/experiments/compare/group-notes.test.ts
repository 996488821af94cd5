import { expect, it } from "vitest";
import { groupNotes } from "./group-notes.ts";
import type { ComparedGroup, GroupedSeries } from "./view.ts";

const answer = (of: Partial<GroupedSeries>): GroupedSeries => ({ grid: null, lines: [], groups: [{ runs: 40 }, { runs: 60 }] as ComparedGroup[], looked: 100, more: false, allGroups: 2, order: [], ...of });

it.each([
  { says: "nothing where a chart of groups is of all runs", of: {}, notes: [] },
  { says: "how many runs have the metric", of: { looked: 1200 }, notes: ["100 of 1,200 runs"] },
  { says: "that there are more runs than a chart takes", of: { more: true }, notes: ["the newest 10,000 runs of more"] },
  { says: "that there are more groups than a chart draws", of: { allGroups: 71 }, notes: ["the largest 50 of 71 groups"] },
])("says $says", ({ of, notes }) => {
  expect(groupNotes(answer(of))).toEqual(notes);
});
