import type { Metadata } from "next";
import { Suspense } from "react";
import { CostsSkeleton } from "../../../../../components/costs/costs-frame.tsx";
import { SchedulesPage } from "../../../../../components/costs/schedules/schedules-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Scheduled reports" };

export default function Schedules() {
  prefetch(trpc.costs.schedules.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<CostsSkeleton />}>
        <SchedulesPage />
      </Suspense>
    </HydrateClient>
  );
}
