import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { BY_CURSOR } from "../../../../components/access/pages.ts";
import { ReportsPage, ReportsSkeleton } from "../../../../components/experiments/reports/reports-page.tsx";
import { loadReportsParams, reportsInput } from "../../../../components/experiments/reports/reports-params.ts";
import { HydrateClient, prefetch, trpc } from "../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Reports" };

export default async function Reports({ searchParams }: { searchParams: Promise<SearchParams> }) {
  prefetch(trpc.reports.list.infiniteQueryOptions(reportsInput(await loadReportsParams(searchParams)), BY_CURSOR) as never);
  return (
    <HydrateClient>
      <Suspense fallback={<ReportsSkeleton />}>
        <ReportsPage />
      </Suspense>
    </HydrateClient>
  );
}
