import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { BY_CURSOR } from "../../../../../../components/access/pages.ts";
import { TabSkeleton } from "../../../../../../components/experiments/run/run-skeletons.tsx";
import { ReportPage } from "../../../../../../components/experiments/reports/report-page.tsx";
import { loadReportParams, pagesInput, reportInput } from "../../../../../../components/experiments/reports/reports-params.ts";
import { HydrateClient, prefetch, trpc } from "../../../../../../server/trpc/rsc.tsx";

export default async function Report({ params, searchParams }: { params: Promise<{ id: string }>; searchParams: Promise<SearchParams> }) {
  const { id } = await params;
  prefetch(trpc.reports.get.queryOptions(reportInput(id, (await loadReportParams(searchParams)).version)));
  prefetch(trpc.reports.comments.infiniteQueryOptions(pagesInput(id), BY_CURSOR) as never);
  return (
    <HydrateClient>
      <Suspense fallback={<TabSkeleton />}>
        <ReportPage id={id} />
      </Suspense>
    </HydrateClient>
  );
}
