import type { Metadata } from "next";
import { Suspense } from "react";
import { QueueSkeleton } from "../../../../../components/queue/queue-skeleton.tsx";
import { SharesPage } from "../../../../../components/queue/shares-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Shares and policies" };

export default function SharesRoute() {
  prefetch(trpc.queue.summary.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<QueueSkeleton />}>
        <SharesPage />
      </Suspense>
    </HydrateClient>
  );
}
