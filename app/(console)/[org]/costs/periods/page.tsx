import type { Metadata } from "next";
import { Suspense } from "react";
import { CostsSkeleton } from "../../../../../components/costs/costs-frame.tsx";
import { PeriodsPage } from "../../../../../components/costs/periods-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Periods" };

export default function Periods() {
  prefetch(trpc.costs.periods.queryOptions());
  prefetch(trpc.costs.prices.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<CostsSkeleton />}>
        <PeriodsPage />
      </Suspense>
    </HydrateClient>
  );
}
