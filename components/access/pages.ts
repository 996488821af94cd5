import type { More } from "../ui/load-more.tsx";

/** What a cursor list hands to DataTable's `more`. */
export function moreOf(query: { hasNextPage: boolean; isFetchingNextPage: boolean; isFetchNextPageError: boolean; fetchNextPage: () => Promise<unknown> }): More {
  return { hasMore: query.hasNextPage, loading: query.isFetchingNextPage, failed: query.isFetchNextPageError, load: () => void query.fetchNextPage() };
}

/** Infinite lists of this domain end where the server says so. */
export const BY_CURSOR = { getNextPageParam: (page: { nextCursor: string | null }) => page.nextCursor };
