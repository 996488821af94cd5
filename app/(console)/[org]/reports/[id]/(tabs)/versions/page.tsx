import type { Metadata } from "next";
import { Suspense } from "react";
import { BY_CURSOR } from "../../../../../../../components/access/pages.ts";
import { TabSkeleton } from "../../../../../../../components/experiments/run/run-skeletons.tsx";
import { ReportVersions } from "../../../../../../../components/experiments/reports/report-versions.tsx";
import { pagesInput } from "../../../../../../../components/experiments/reports/reports-params.ts";
import { HydrateClient, prefetch, trpc } from "../../../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Versions" };

export default async function Versions({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  prefetch(trpc.reports.versions.infiniteQueryOptions(pagesInput(id), BY_CURSOR) as never);
  return (
    <HydrateClient>
      <Suspense fallback={<TabSkeleton />}>
        <ReportVersions id={id} />
      </Suspense>
    </HydrateClient>
  );
}
