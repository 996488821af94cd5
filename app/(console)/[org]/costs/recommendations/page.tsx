import type { Metadata } from "next";
import { Suspense } from "react";
import { AdvicePage } from "../../../../../components/costs/advice-page.tsx";
import { CostsSkeleton } from "../../../../../components/costs/costs-frame.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Recommendations" };

export default function Recommendations() {
  prefetch(trpc.costs.advice.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<CostsSkeleton />}>
        <AdvicePage />
      </Suspense>
    </HydrateClient>
  );
}
