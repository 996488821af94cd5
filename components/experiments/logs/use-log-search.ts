"use client";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import type { LogMatch } from "../../../domain/experiments/run-view.ts";
import { useTRPC } from "../../providers/api.tsx";

/** Matches gathered without being asked; more on demand. */
const ENOUGH = 1000;

interface Asked {
  attemptId: string;
  q: string;
  regex: boolean;
  stream: "stdout" | "stderr" | null;
  level: "error" | "warn" | null;
  rank: number | null;
}

/** Searches the whole log on the server, a stretch at a time, until it ends or there is enough. */
export function useLogSearch({ attemptId, q, regex, stream, level, rank }: Asked) {
  const trpc = useTRPC();
  const wanted = q !== "" || level !== null || rank !== null;
  const input = { attemptId, text: q, regex, ...(stream ? { stream } : {}), ...(level ? { level } : {}), ...(rank === null ? {} : { rank }) };
  const query = useInfiniteQuery({
    ...trpc.experiments.logSearch.infiniteQueryOptions(input, { getNextPageParam: (page) => page.nextCursor, enabled: wanted }),
    staleTime: 15_000,
    gcTime: 60_000,
    retry: false,
  });
  const matches = useMemo<LogMatch[]>(() => query.data?.pages.flatMap((page) => page.matches) ?? [], [query.data]);
  const { hasNextPage, isFetching, fetchNextPage, isError } = query;
  useEffect(() => {
    if (wanted && hasNextPage && !isFetching && !isError && matches.length < ENOUGH) void fetchNextPage();
  }, [wanted, hasNextPage, isFetching, isError, matches.length, fetchNextPage]);
  return {
    wanted,
    /** What is left of the log is a list of lines, not a part of it. */
    isList: level !== null || rank !== null,
    matches,
    error: wanted ? query.error : null,
    searching: wanted && (isFetching || query.isLoading),
    /** There may be more than was gathered. */
    more: hasNextPage,
    loadMore: () => void fetchNextPage(),
    scannedBytes: query.data?.pages.reduce((sum, page) => sum + page.scannedBytes, 0) ?? 0,
  };
}
export type LogSearch = ReturnType<typeof useLogSearch>;
