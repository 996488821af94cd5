import type { Metadata } from "next";
import { Suspense } from "react";
import { ClusterScheduler } from "../../../../../../components/clusters/cluster-scheduler.tsx";
import { TabSkeleton } from "../../../../../../components/experiments/run/run-skeletons.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Scheduler" };

export default async function Scheduler({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  prefetch(trpc.clusters.scheduler.queryOptions({ id }));
  return (
    <HydrateClient>
      <Suspense fallback={<TabSkeleton />}>
        <ClusterScheduler id={id} />
      </Suspense>
    </HydrateClient>
  );
}
