import "server-only";
import { dehydrate, HydrationBoundary, type FetchQueryOptions } from "@tanstack/react-query";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import { headers } from "next/headers";
import { cache } from "react";
import { Rendered } from "../../components/providers/live.tsx";
import { makeQueryClient } from "../../components/providers/query-client.ts";
import { bus } from "../bus.ts";
import { createTrpcContext } from "./init.ts";
import { appRouter } from "./root.ts";

/** Path of this request, set by server/main.ts in front of Next (a client's own value never gets through). */
export const requestPath = cache(async () => (await headers()).get("x-drover-path") ?? "/");

/** As of when this request reads: taken before its first query, for which every query waits for `context`. */
const renderMark = cache(() => bus().mark());

/** One per request: prefetching components share it, and no two people do. */
export const getQueryClient = cache(makeQueryClient);

/** Console pages live under /[org], so the path names the organization. */
const context = cache(async () => {
  const org = decodeURIComponent((await requestPath()).split(/[/?#]/)[1] ?? "");
  const sent = await headers();
  renderMark();
  return createTrpcContext(sent, org || undefined);
});

/** Query options as in the browser, answered in-process with this request's session. */
export const trpc = createTRPCOptionsProxy({ router: appRouter, ctx: context, queryClient: getQueryClient });

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any query of the router
type AnyQuery = FetchQueryOptions<any, any, any, any>;

/** Start a query without waiting: the frame streams, the client component that asks for the same key suspends until it lands. */
export function prefetch(options: AnyQuery): void {
  void prefetched(options);
}

/** For what is asked without suspense: server and browser then draw the same only if they begin with the same, so wait for it (`HydrateWhen`). */
export async function prefetched(options: AnyQuery): Promise<void> {
  const client = getQueryClient();
  const isInfinite = (options.queryKey[1] as { type?: string } | undefined)?.type === "infinite";
  await (isInfinite ? client.prefetchInfiniteQuery(options as never) : client.prefetchQuery(options)).catch(() => {});
}

/** As `HydrateClient`, once these have landed. Inside a Suspense, so that the frame streams meanwhile. */
export async function HydrateWhen({ landed, children }: { landed: Promise<void>[]; children: React.ReactNode }) {
  await Promise.all(landed);
  return <HydrateClient>{children}</HydrateClient>;
}

/** Hands what was prefetched, finished or pending, to the browser, which is told what changed since by the event stream. */
export function HydrateClient({ children }: { children: React.ReactNode }) {
  return (
    <HydrationBoundary state={dehydrate(getQueryClient())}>
      {children}
      <Rendered mark={renderMark()} />
    </HydrationBoundary>
  );
}
