"use client";
import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { unpackNumbers } from "../../../domain/experiments/compare/buckets.ts";
import { groupNotes } from "../../../domain/experiments/compare/group-notes.ts";
import { type Line, linesOf, toPoints } from "../../../domain/experiments/compare/lines.ts";
import type { ComparedSeries, GroupedSeries } from "../../../domain/experiments/compare/view.ts";
import { formatCount } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { Held } from "../../providers/kept.ts";
import type { CompareState } from "./compare-params.ts";
import { scaleOf, shownPart } from "./series-input.ts";
import type { Compared } from "./use-compare.ts";

export interface PanelSeries {
  lines: Line[];
  loading: boolean;
  error: unknown;
  retry: () => void;
  notes: string[];
  /** Runs at each x of a group's line, by its id; empty where lines are runs. */
  counts: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** All groups of the runs or of the set, where lines are groups. */
  order: readonly string[] | undefined;
}

export type SeriesState = Pick<CompareState, "x" | "from" | "to" | "group" | "how" | "smooth" | "mid">;

/**
 * The question of one metric's chart. Answered one by one: a batch would hold the quick charts back for the slow ones, and be
 * larger than a request may.
 */
function seriesOptions(trpc: ReturnType<typeof useTRPC>, { ids, of }: Asked, key: string, state: SeriesState) {
  const shown = { key, ...shownPart(state) };
  const alone = { trpc: { context: { skipBatch: true } } };
  const ofRuns = trpc.compare.series.queryOptions({ ids, ...shown }, alone);
  if (!of) return ofRuns;
  // Their answer is that of runs and more. No event says that one of thousands went on: they are looked at again.
  return { ...trpc.compare.groups.queryOptions({ of, ...shown }, alone), staleTime: AGAIN_MS, refetchInterval: AGAIN_MS } as unknown as typeof ofRuns;
}

type Asked = Pick<Compared, "ids" | "of">;
const isAsked = ({ ids, of }: Asked): boolean => of !== undefined || ids.length > 0;
const AGAIN_MS = 60_000;

/** Asks for what these charts will show while the page around them is still being drawn, which takes a hundred runs as long as the answers. */
export function useEarlySeries(keys: readonly string[], state: SeriesState, asked: Asked): void {
  const trpc = useTRPC();
  const client = useQueryClient();
  if (!isAsked(asked)) return;
  for (const key of keys) {
    const options = seriesOptions(trpc, asked, key, state);
    if (!client.getQueryState(options.queryKey)) void client.prefetchQuery(options);
  }
}

/** One request per metric, all runs in each. While another range is on its way the old lines stay. */
export function usePanelSeries(keys: readonly string[], state: SeriesState, enabled: boolean, compared: Asked & Pick<Compared, "nameOf">): PanelSeries {
  const trpc = useTRPC();
  const { nameOf } = compared;
  const scale = scaleOf(state.x);
  const [held] = useState(() => new Held<ComparedSeries>());
  const asked = keys.map((key) => ({ key, options: seriesOptions(trpc, compared, key, state) }));
  const { all, error, retry, loading } = useQueries({
    queries: asked.map(({ key, options }) => ({ ...options, enabled: enabled && isAsked(compared), placeholderData: held.before(key, options.queryKey, "key", "x", "group") })),
    combine: (results) => ({
      all: results.map(({ data }) => (enabled ? data : undefined)), // what was asked early is drawn when it is seen, too
      loading: !enabled || results.some(({ data }) => !data),
      error: results.find((result) => result.error)?.error ?? null,
      retry: () => void Promise.all(results.map((result) => result.refetch())),
    }),
  });
  useEffect(() => {
    for (const [at, { key, options }] of asked.entries()) if (all[at]) held.hold(key, options.queryKey, all[at]);
  });
  const { how, smooth, x, mid } = state;
  const made = useMemo(() => {
    const many = keys.length > 1;
    const found = all.flatMap((answer, at) => (answer ? linesFrom(answer, { key: keys[at]!, many, nameOf, scale, how, smooth, gaps: x === "time" || x === "relative", median: mid === "median" }) : []));
    const nonFinite = all.reduce((sum, answer) => sum + [...(answer?.lines ?? []), ...(answer?.groups ?? [])].reduce((of, line) => of + line.nonFinite, 0), 0);
    const grouped = all.find((answer): answer is GroupedSeries => answer !== undefined && "looked" in answer);
    const notes = [...(grouped ? groupNotes(grouped) : []), ...(nonFinite > 0 ? [`${formatCount(nonFinite)} NaN or infinite, not drawn`] : [])];
    return { lines: found, notes, order: all.find((answer) => answer?.order)?.order, counts: new Map(all.flatMap((answer, at) => (answer ? countsIn(answer, many ? ` ${keys[at]!}` : "", scale) : []))) };
  }, [all, keys, nameOf, scale, how, smooth, x, mid]);
  return { ...made, loading, error, retry };
}

interface Making {
  key: string;
  many: boolean;
  nameOf: (id: string) => string;
  scale: number;
  how: CompareState["how"];
  smooth: number;
  gaps: boolean;
  median: boolean;
}

function linesFrom(answer: ComparedSeries, { key, many, nameOf, scale, how, smooth, gaps, median }: Making): Line[] {
  if (!answer.grid) return [];
  const suffix = many ? ` ${key}` : "";
  const look = { smoothing: how, strength: Math.max(0, Math.min(99, smooth)) };
  const inputs = [
    ...answer.lines.map((line) => ({ id: `${line.id}${suffix}`, label: many ? `${nameOf(line.id)} · ${key}` : nameOf(line.id), line })),
    ...answer.groups.map((group) => ({ isMean: true, id: `${group.id}${suffix}`, label: `${group.id}${many ? ` · ${key}` : ""} (n ${countOf(group.n)})`, line: median ? { ...group, last: group.median } : group })),
  ];
  return linesOf(inputs, answer.grid, look, { scale, gaps });
}

/** How many runs a group's line is of, where it has a point. */
function countsIn({ grid, groups }: ComparedSeries, suffix: string, scale: number): [string, Map<number, number>][] {
  if (!grid) return [];
  return groups.map((group) => {
    const counts = unpackNumbers(group.n);
    return [`${group.id}${suffix}`, new Map(toPoints(group, grid, scale).map(({ x }, at) => [x, counts[at]!]))];
  });
}

/** "4" where all runs of the group go all the way, "2–4" where some end early. */
function countOf(n: string): string {
  const counts = unpackNumbers(n);
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  return low === high ? String(high) : `${low}–${high}`;
}
