import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { CostsSkeleton } from "../../../../components/costs/costs-frame.tsx";
import { loadCostsParams, rightNow, runsInput, spendInput } from "../../../../components/costs/costs-params.ts";
import { SpendPage } from "../../../../components/costs/spend-page.tsx";
import { daysBefore } from "../../../../domain/costs/spend-change.ts";
import { HydrateClient, prefetch, trpc } from "../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Costs" };

export default async function Costs({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const params = await loadCostsParams(searchParams);
  const now = rightNow();
  const input = spendInput(params, now);
  if (params.by === "tag") prefetch(trpc.costs.tags.queryOptions(input));
  else for (const range of [input, daysBefore(input)]) prefetch(trpc.costs.spend.queryOptions({ ...input, ...range, by: params.by }));
  prefetch(trpc.costs.runs.infiniteQueryOptions(runsInput(input), { getNextPageParam: (page) => page.nextCursor }) as never);
  return (
    <HydrateClient>
      <Suspense fallback={<CostsSkeleton />}>
        <SpendPage now={now} />
      </Suspense>
    </HydrateClient>
  );
}
