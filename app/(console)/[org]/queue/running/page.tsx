import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { loadQueueParams, queueInput } from "../../../../../components/queue/queue-params.ts";
import { QueueSkeleton } from "../../../../../components/queue/queue-skeleton.tsx";
import { RunningPage } from "../../../../../components/queue/running-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Running" };

export default async function QueueRoute({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { project } = await loadQueueParams(searchParams);
  prefetch(trpc.queue.running.infiniteQueryOptions(queueInput(project), { getNextPageParam: (page) => page.nextCursor }) as never);
  prefetch(trpc.queue.summary.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<QueueSkeleton />}>
        <RunningPage />
      </Suspense>
    </HydrateClient>
  );
}
