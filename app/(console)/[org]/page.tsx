import type { Metadata } from "next";
import { Suspense } from "react";
import { scopeOf } from "../../../components/experiments/runs-params.ts";
import { OverviewPage } from "../../../components/monitoring/overview-page.tsx";
import { OverviewSkeleton } from "../../../components/monitoring/overview-skeleton.tsx";
import { getQueryClient, HydrateClient, prefetch, trpc } from "../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Overview" };

export default async function Overview({ searchParams }: { searchParams: Promise<{ project?: string | string[] }> }) {
  const { project } = await searchParams;
  const { held } = await getQueryClient().fetchQuery(trpc.access.viewer.queryOptions()); // the layout's own answer
  if (held.includes("runs:read")) prefetch(trpc.experiments.overview.queryOptions(scopeOf(typeof project === "string" ? project : null)));
  else prefetch(trpc.clusters.list.queryOptions());
  if (held.includes("clusters:read") && held.includes("runs:read")) prefetch(trpc.clusters.findings.queryOptions({}));
  if (held.includes("costs:read") && held.includes("runs:read")) prefetch(trpc.costs.budgets.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<OverviewSkeleton />}>
        <OverviewPage />
      </Suspense>
    </HydrateClient>
  );
}
