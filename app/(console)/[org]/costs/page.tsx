import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { CostsSkeleton } from "../../../../components/costs/costs-frame.tsx";
import { daysInput, loadCostsParams, rightNow, runsInput, spendInput, whereIn } from "../../../../components/costs/costs-params.ts";
import { SpendPage } from "../../../../components/costs/spend-page.tsx";
import { daysAgainst } from "../../../../domain/costs/spend-change.ts";
import { isTooLong } from "../../../../domain/costs/spend-filter.ts";
import { getQueryClient, HydrateClient, prefetch, trpc } from "../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Costs" };

export default function Costs({ searchParams }: { searchParams: Promise<SearchParams> }) {
  return <Suspense fallback={<CostsSkeleton />}><Filled searchParams={searchParams} /></Suspense>;
}

async function Filled({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const params = await loadCostsParams(searchParams);
  const now = rightNow();
  const input = spendInput(params, now);
  prefetch(trpc.costs.facets.queryOptions());
  prefetch(trpc.costs.runs.infiniteQueryOptions(runsInput(input), { getNextPageParam: (page) => page.nextCursor }) as never);
  // The tag that is shown without being asked for is known only from the tags that there are: they are waited for.
  const tags = params.by === "tag" ? await getQueryClient().fetchQuery(trpc.costs.tags.queryOptions(daysInput(params, now))).catch(() => []) : [];
  const tag = params.by === "tag" ? (params.tag ?? tags[0]) : undefined;
  const isAsked = (params.by !== "tag" || tag !== undefined) && !isTooLong(params.by, whereIn(params), input);
  if (isAsked) for (const range of [input, daysAgainst(input, params.against)]) prefetch(trpc.costs.spend.queryOptions({ ...input, ...range, by: params.by, ...(tag === undefined ? {} : { tag }) }));
  return (
    <HydrateClient>
      <SpendPage now={now} />
    </HydrateClient>
  );
}
