/** What a cursor list hands to DataTable's `more`. */
export function moreOf(query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> }) {
  return { hasMore: query.hasNextPage, loading: query.isFetchingNextPage, load: () => void query.fetchNextPage() };
}

/** Infinite lists of this domain end where the server says so. */
export const BY_CURSOR = { getNextPageParam: (page: { nextCursor: string | null }) => page.nextCursor };
