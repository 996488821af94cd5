"use client";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import type { ValueColumn } from "../../../domain/experiments/compare/inputs.ts"; // the type only
import { relayCells } from "../../../domain/experiments/compare/relay.ts";
import type { TableRow } from "../../../domain/experiments/table-view.ts";
import { moreOf } from "../../access/pages.ts";
import { useTRPC } from "../../providers/api.tsx";
import { askedOf, keptIfSame } from "../../providers/kept.ts";
import { type RunsParams, tableInput, tableSetOf } from "../runs-params.ts";

/** Rows that are kept fresh while they are looked at. */
const FOLLOWED = 100;

interface Asked {
  columns?: readonly ValueColumn[];
}

/**
 * The rows, page by page, in the order they were loaded: a row never moves under the pointer. What its runs do meanwhile is laid
 * over it; runs that arrive are counted, and come when they are asked for.
 */
export function useTable(params: RunsParams) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const input = tableInput(params);
  const options = trpc.table.search.infiniteQueryOptions(input, { getNextPageParam: (page) => page.nextCursor });
  const query = useInfiniteQuery({
    ...options, staleTime: Number.POSITIVE_INFINITY, refetchOnWindowFocus: false, refetchOnReconnect: false,
    placeholderData: (data, asked) => {
      const before = (asked && (askedOf(asked.queryKey) as Asked | undefined)?.columns) ?? [];
      return data && { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.map((row) => ({ ...row, cells: relayCells(row.cells, before, input.columns) })) })) };
    },
  });
  const loaded: TableRow[] = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const followed = useMemo(() => loaded.slice(0, FOLLOWED).map(({ id }) => id), [loaded]);
  const again = trpc.table.rows.queryOptions({ ids: followed, columns: input.columns });
  const fresh = useQuery({ ...again, enabled: followed.length > 0, staleTime: 5_000, placeholderData: keptIfSame(again.queryKey, "columns") });
  const rows = useMemo(() => {
    const newer = new Map((fresh.data ?? []).map((row) => [row.id, row]));
    return loaded.map((row) => newer.get(row.id) ?? row);
  }, [loaded, fresh.data]);
  // Said with the first page: the newest of the rows would not do, for sorted by a metric older runs than that are on later pages.
  const newest = (!query.isPlaceholderData && query.data?.pages[0]?.newest) || "";
  const arrived = useQuery({ ...trpc.table.newer.queryOptions({ ...tableSetOf(params), since: newest }), enabled: newest !== "" && !params.archived, refetchInterval: 30_000 });
  /** From the first page; and what other filters found meanwhile is asked for anew: a run may have gone there, as into the archive. */
  const reload = () => {
    client.removeQueries({ ...trpc.table.search.pathFilter(), type: "inactive" });
    void client.resetQueries({ queryKey: options.queryKey });
  };
  return {
    rows,
    error: query.isFetchNextPageError ? null : query.error, // what is there already stays
    retry: () => void query.refetch(),
    loading: query.isPending || query.isPlaceholderData,
    arrived: newest === "" ? 0 : (arrived.data ?? 0),
    reload,
    more: moreOf(query),
  };
}
