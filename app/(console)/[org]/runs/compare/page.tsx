import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { ComparePage } from "../../../../../components/experiments/compare/compare-page.tsx";
import { CompareSkeleton } from "../../../../../components/experiments/compare/compare-skeleton.tsx";
import { comparedIds, loadCompareParams } from "../../../../../components/experiments/compare/compare-params.ts";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Compare runs" };

export default async function Compare({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const ids = comparedIds((await loadCompareParams(searchParams)).runs);
  if (ids.length > 0) {
    prefetch(trpc.compare.runs.queryOptions({ ids }));
    prefetch(trpc.compare.keys.queryOptions({ ids }));
  }
  return (
    <HydrateClient>
      <Suspense fallback={<CompareSkeleton />}>
        <ComparePage />
      </Suspense>
    </HydrateClient>
  );
}
