import type { Metadata } from "next";
import { Suspense } from "react";
import { CostsSkeleton } from "../../../../../components/costs/costs-frame.tsx";
import { WastePage } from "../../../../../components/costs/waste-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Waste" };

export default function Waste() {
  prefetch(trpc.costs.waste.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<CostsSkeleton />}>
        <WastePage />
      </Suspense>
    </HydrateClient>
  );
}
