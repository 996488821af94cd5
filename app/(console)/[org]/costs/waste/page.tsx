import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { CostsSkeleton } from "../../../../../components/costs/costs-frame.tsx";
import { daysInput, loadWasteParams, rightNow } from "../../../../../components/costs/costs-params.ts";
import { WastePage } from "../../../../../components/costs/waste-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Waste" };

export default async function Waste({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const params = await loadWasteParams(searchParams);
  const now = rightNow();
  prefetch(trpc.costs.waste.queryOptions());
  prefetch(trpc.costs.parts.queryOptions({ ...daysInput(params, now), by: params.by }));
  return (
    <HydrateClient>
      <Suspense fallback={<CostsSkeleton />}>
        <WastePage now={now} />
      </Suspense>
    </HydrateClient>
  );
}
