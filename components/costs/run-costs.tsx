"use client";
import { useMounted } from "@mantine/hooks";
import { useQueries, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useMemo } from "react";
import type { RunCosts } from "../../domain/costs/cost-view.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan } from "../providers/viewer.tsx";
import { Money } from "./money.tsx";
import { AGAIN_MS, isLive } from "./provisional.ts";

/** Rows that are asked for together: what a page of a table has. */
const TOGETHER = 100;

interface Known {
  currency: string;
  isUnpriced: boolean;
  of: ReadonlyMap<string, { amount: string; provisional: string }>;
}

const RunCostsContext = createContext<Known | null>(null);
export const RunCostsProvider = RunCostsContext.Provider;

/** What these runs have cost so far, asked for a page at a time and again while something of it may change. null: not known yet, not asked for, or not for the viewer. */
export function useRunCosts(ids: readonly string[], enabled: boolean): Known | null {
  const trpc = useTRPC();
  const allowed = useCan("costs:read");
  const client = useQueryClient();
  const isMounted = useMounted(); // until then what the server rendered must be what is rendered here
  /** What was asked for with other rows: a new order shows what is known, and nothing blinks. */
  const before = (page: readonly string[]): RunCosts | undefined => {
    const all = client.getQueriesData<RunCosts>(trpc.costs.ofRuns.pathFilter()).flatMap(([, data]) => data ?? []);
    const known = new Map(all.flatMap(({ runs }) => runs.map((run) => [run.id, run])));
    return all[0] && { ...all[0], runs: page.flatMap((id) => known.get(id) ?? []) };
  };
  const pages = Array.from({ length: Math.ceil(ids.length / TOGETHER) }, (_, at) => ids.slice(at * TOGETHER, (at + 1) * TOGETHER));
  const found = useQueries({
    queries: enabled && allowed.ok ? pages.map((page) => ({ ...trpc.costs.ofRuns.queryOptions({ ids: page }), staleTime: 5_000, placeholderData: () => before(page), refetchInterval: (query: { state: { data: RunCosts | undefined } }) => (query.state.data?.runs.some(({ provisional }) => isLive(provisional)) ? AGAIN_MS : false) })) : [],
    combine: (results) => results.flatMap(({ data }) => data ?? []),
  });
  return useMemo(() => {
    const [first] = found;
    return first && isMounted ? { currency: first.currency, isUnpriced: first.isUnpriced, of: new Map(found.flatMap(({ runs }) => runs.map((run) => [run.id, run]))) } : null;
  }, [found, isMounted]);
}

/** What one run of a table has cost. */
export function RunCostCell({ id }: { id: string }) {
  const known = useContext(RunCostsContext);
  const own = known?.of.get(id);
  if (!known || !own) return <span className="dim">—</span>;
  if (known.isUnpriced) return <span className="dim" title="Nothing has a price yet">—</span>;
  return <><Money amount={own.amount} currency={known.currency} />{isLive(own.provisional) && <span className="dim" title="So far: it still holds something, or its agent has not told the end of it"> …</span>}</>;
}
