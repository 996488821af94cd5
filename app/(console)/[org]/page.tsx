import type { Metadata } from "next";
import { Suspense } from "react";
import { scopeOf } from "../../../components/experiments/runs-params.ts";
import { OverviewPage } from "../../../components/monitoring/overview-page.tsx";
import { OverviewSkeleton } from "../../../components/monitoring/overview-skeleton.tsx";
import { HydrateClient, prefetch, trpc } from "../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Overview" };

export default async function Overview({ searchParams }: { searchParams: Promise<{ project?: string | string[] }> }) {
  const { project } = await searchParams;
  prefetch(trpc.experiments.overview.queryOptions(scopeOf(typeof project === "string" ? project : null)));
  prefetch(trpc.clusters.list.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<OverviewSkeleton />}>
        <OverviewPage />
      </Suspense>
    </HydrateClient>
  );
}
