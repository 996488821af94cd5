import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { ComparePage } from "../../../../../components/experiments/compare/compare-page.tsx";
import { CompareSkeleton } from "../../../../../components/experiments/compare/compare-skeleton.tsx";
import { comparedIds, type CompareState, loadCompareParams } from "../../../../../components/experiments/compare/compare-params.ts";
import { EarlySeries } from "../../../../../components/experiments/compare/early-series.tsx";
import { getQueryClient, HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Compare runs" };

export default async function Compare({ params, searchParams }: { params: Promise<{ org: string }>; searchParams: Promise<SearchParams> }) {
  const [{ org }, state] = await Promise.all([params, loadCompareParams(searchParams)]);
  const ids = comparedIds(state.runs);
  if (ids.length > 0) {
    prefetch(trpc.compare.runs.queryOptions({ ids }));
    prefetch(trpc.compare.keys.queryOptions({ ids }));
  }
  return (
    <HydrateClient>
      <Suspense fallback={<CompareSkeleton />}>
        <ComparePage />
        {ids.length > 0 && <Early org={org} ids={ids} state={state} />}
      </Suspense>
    </HydrateClient>
  );
}

/** Once what the page waits for is there, and behind it. */
async function Early({ org, ids, state }: { org: string; ids: string[]; state: CompareState }) {
  const client = getQueryClient();
  const found = await Promise.all([client.fetchQuery(trpc.compare.runs.queryOptions({ ids })), client.fetchQuery(trpc.compare.keys.queryOptions({ ids }))]).catch(() => null);
  return found && <EarlySeries org={org} state={state} runs={found[0]} keys={found[1]} />;
}
