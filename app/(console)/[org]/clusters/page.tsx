import type { Metadata } from "next";
import { Suspense } from "react";
import { ClustersPage, ClustersSkeleton } from "../../../../components/clusters/clusters-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Clusters" };

export default function Clusters() {
  prefetch(trpc.clusters.list.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<ClustersSkeleton />}>
        <ClustersPage />
      </Suspense>
    </HydrateClient>
  );
}
