"use client";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { RunFilter } from "../../../domain/experiments/run-inputs.ts";
import type { RunRow } from "../../../domain/experiments/run-view.ts";
import { useTRPC } from "../../providers/api.tsx";
import { runsListInput } from "../runs-params.ts";

/**
 * Runs, newest first, page by page. Runs that arrive while one reads wait behind `fresh` until `showFresh`: rows never move
 * under the pointer. Ids sort by creation, so the newest id that was shown is the whole memory.
 */
export function useRuns(filter: RunFilter) {
  const trpc = useTRPC();
  const query = useSuspenseInfiniteQuery(trpc.experiments.list.infiniteQueryOptions(runsListInput(filter), { getNextPageParam: (page) => page.nextCursor }));
  const all: RunRow[] = query.data.pages.flatMap((page) => page.items);
  const key = JSON.stringify(filter);
  const newest = all[0]?.id ?? "";
  const [seen, setSeen] = useState({ key, upTo: newest });
  if (seen.key !== key) setSeen({ key, upTo: newest }); // another filter is another list
  const upTo = seen.key === key ? seen.upTo : newest;
  const rows = upTo === "" ? all : all.filter((run) => run.id <= upTo);
  return { rows, fresh: all.length - rows.length, showFresh: () => setSeen({ key, upTo: newest }), hasMore: query.hasNextPage, loadingMore: query.isFetchingNextPage, loadMore: () => void query.fetchNextPage() };
}
