import type { Metadata } from "next";
import { Suspense } from "react";
import { CostsSkeleton } from "../../../../../components/costs/costs-frame.tsx";
import { PricesPage } from "../../../../../components/costs/prices-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Prices" };

export default function Prices() {
  prefetch(trpc.costs.prices.queryOptions());
  prefetch(trpc.costs.repriced.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<CostsSkeleton />}>
        <PricesPage />
      </Suspense>
    </HydrateClient>
  );
}
