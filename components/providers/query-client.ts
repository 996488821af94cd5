import { defaultShouldDehydrateQuery, QueryClient } from "@tanstack/react-query";
import superjson from "superjson";

const FINAL = new Set(["UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "BAD_REQUEST", "UNPROCESSABLE_CONTENT", "CONFLICT"]);

function errorCode(error: unknown): string | undefined {
  return (error as { data?: { code?: string } | null }).data?.code;
}

/** The same settings on the server (one per request) and in the browser (one per organization, so tenants never share a cache). */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000, // live changes invalidate sooner; this only bounds what a lost stream can hide
        gcTime: 10 * 60_000,
        refetchOnWindowFocus: true,
        retry: (count, error) => typeof window !== "undefined" && count < 2 && !FINAL.has(errorCode(error) ?? ""),
        retryDelay: (attempt) => Math.min(1000 * 2 ** attempt, 8000),
      },
      mutations: { retry: false },
      dehydrate: {
        serializeData: superjson.serialize,
        shouldDehydrateQuery: (query) => defaultShouldDehydrateQuery(query) || query.state.status === "pending",
        shouldRedactErrors: () => false,
      },
      hydrate: { deserializeData: superjson.deserialize },
    },
  });
}
