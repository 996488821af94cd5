"use client";
import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { requestsOf } from "../../../domain/experiments/chart-model.ts";
import type { SeriesX } from "../../../domain/experiments/run-inputs.ts";
import type { Series } from "../../../domain/experiments/run-view.ts";
import { useTRPC } from "../../providers/api.tsx";

interface Asked {
  id: string;
  keys: readonly string[];
  x: SeriesX;
  range: [number, number] | null;
  buckets: number;
}

/** Series of many keys, in as few requests as the server allows, by key. While a new range is on its way the old lines stay. */
export function useSeries({ id, keys, x, range, buckets }: Asked): { byKey: Map<string, Series>; error: unknown; retry: () => void } {
  const trpc = useTRPC();
  const ends = range ? { from: range[0], to: range[1] } : {};
  return useQueries({
    queries: requestsOf(keys).map((group) => ({ ...trpc.experiments.series.queryOptions({ id, keys: group, x, buckets, ...ends }), placeholderData: keepPreviousData })),
    combine: (results) => ({
      byKey: new Map(results.flatMap((result) => result.data ?? []).map((series) => [series.key, series])),
      error: results.find((result) => result.error)?.error ?? null,
      retry: () => void Promise.all(results.map((result) => result.refetch())),
    }),
  });
}
