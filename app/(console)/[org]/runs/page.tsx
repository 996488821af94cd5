import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { RunsPage } from "../../../../components/experiments/list/runs-page.tsx";
import { RunsSkeleton } from "../../../../components/experiments/list/runs-skeleton.tsx";
import { loadRunsParams, scopeOf, tableInput, tableSetOf } from "../../../../components/experiments/runs-params.ts";
import { HydrateWhen, prefetched, trpc } from "../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Runs" };

export default async function Runs({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const params = await loadRunsParams(searchParams);
  const landed = [
    prefetched(trpc.table.search.infiniteQueryOptions(tableInput(params), { getNextPageParam: (page) => page.nextCursor }) as never),
    prefetched(trpc.table.count.queryOptions(tableSetOf(params))),
    prefetched(trpc.experiments.counts.queryOptions(scopeOf(params.project))),
    prefetched(trpc.experiments.groups.queryOptions(scopeOf(params.project))),
  ];
  return (
    <Suspense fallback={<RunsSkeleton />}>
      <HydrateWhen landed={landed}><RunsPage /></HydrateWhen>
    </Suspense>
  );
}
