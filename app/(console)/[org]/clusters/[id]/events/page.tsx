import type { Metadata } from "next";
import { Suspense } from "react";
import { ClusterEvents } from "../../../../../../components/clusters/cluster-events.tsx";
import { TabSkeleton } from "../../../../../../components/experiments/run/run-skeletons.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Events" };

export default async function Events({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  prefetch(trpc.clusters.events.infiniteQueryOptions({ id, limit: 50 }, { getNextPageParam: (page) => page.nextCursor }) as never);
  return (
    <HydrateClient>
      <Suspense fallback={<TabSkeleton />}>
        <ClusterEvents id={id} />
      </Suspense>
    </HydrateClient>
  );
}
