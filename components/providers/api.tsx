"use client";
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { createTRPCClient, httpBatchStreamLink, httpLink, splitLink } from "@trpc/client";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import { useState } from "react";
import superjson from "superjson";
import type { AppRouter } from "../../server/trpc/root.ts";
import { paths } from "../../paths.ts";
import { fetchEarly } from "./early.ts";
import { makeQueryClient } from "./query-client.ts";

const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();
export { useTRPC, useTRPCClient };

const clients = new Map<string, QueryClient>();

/** In the browser it outlives suspended renders; on the server each request has its own. */
function queryClientFor(org: string | null): QueryClient {
  if (typeof window === "undefined") return makeQueryClient();
  const key = org ?? "";
  const known = clients.get(key) ?? makeBrowserClient();
  clients.set(key, known);
  return known;
}

/** A session that ended while a page was open: sign in and come back to this very place. */
function makeBrowserClient(): QueryClient {
  const client = makeQueryClient();
  client.getQueryCache().subscribe((event) => {
    if (event.type !== "updated" || event.action.type !== "error") return;
    const code = (event.action.error as { data?: { code?: string } | null }).data?.code;
    if (code === "UNAUTHORIZED") window.location.assign(paths.signIn(window.location.pathname + window.location.search));
  });
  return client;
}

function makeApi(org: string | null) {
  const options = {
    url: typeof window === "undefined" ? "http://prefetch.invalid/api/trpc" : "/api/trpc", // pages prefetch; a server render never calls out
    transformer: superjson,
    methodOverride: "POST" as const, // a spec to plan does not fit into a URL
    headers: () => (org ? { "x-drover-org": org } : {}),
  };
  return createTRPCClient<AppRouter>({
    // Large answers go alone (`skipBatch`): a batch of them would be one answer without end.
    links: [splitLink({ condition: ({ context }) => context.skipBatch === true, true: httpLink({ ...options, fetch: fetchEarly }), false: httpBatchStreamLink({ ...options, maxItems: 20 }) })],
  });
}

/** tRPC and its cache for one organization; `null` before one is chosen (sign-in, setup, invitations). */
export function ApiProvider({ org, children }: { org: string | null; children: React.ReactNode }) {
  const [queryClient] = useState(() => queryClientFor(org));
  const [trpcClient] = useState(() => makeApi(org));
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}
