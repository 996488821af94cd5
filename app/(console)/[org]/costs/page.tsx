import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { CostsSkeleton } from "../../../../components/costs/costs-frame.tsx";
import { loadCostsParams, rightNow, spendInput } from "../../../../components/costs/costs-params.ts";
import { SpendPage } from "../../../../components/costs/spend-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Costs" };

export default async function Costs({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const params = await loadCostsParams(searchParams);
  const now = rightNow();
  prefetch(trpc.costs.spend.queryOptions({ ...spendInput(params, now), by: params.by }));
  return (
    <HydrateClient>
      <Suspense fallback={<CostsSkeleton />}>
        <SpendPage now={now} />
      </Suspense>
    </HydrateClient>
  );
}
