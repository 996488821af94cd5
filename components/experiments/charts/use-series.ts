"use client";
import { useQueries } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { requestsOf } from "../../../domain/experiments/chart-model.ts";
import type { SeriesX } from "../../../domain/experiments/run-inputs.ts";
import type { Series } from "../../../domain/experiments/run-view.ts";
import { useTRPC } from "../../providers/api.tsx";
import { Held } from "../../providers/kept.ts";

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
  const [held] = useState(() => new Held<Series[]>());
  const asked = requestsOf(keys).map((group, at) => ({ place: String(at), options: trpc.experiments.series.queryOptions({ id, keys: group, x, buckets, ...ends }) }));
  const { found, ...shown } = useQueries({
    queries: asked.map(({ place, options }) => ({ ...options, placeholderData: held.before(place, options.queryKey, "id", "keys", "x") })),
    combine: (results) => ({
      found: results.map(({ data }) => data),
      byKey: new Map(results.flatMap((result) => result.data ?? []).map((series) => [series.key, series])),
      error: results.find((result) => result.error)?.error ?? null,
      retry: () => void Promise.all(results.map((result) => result.refetch())),
    }),
  });
  useEffect(() => {
    for (const [at, { place, options }] of asked.entries()) if (found[at]) held.hold(place, options.queryKey, found[at]);
  });
  return shown;
}
