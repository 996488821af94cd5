import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { RunsPage } from "../../../../components/experiments/list/runs-page.tsx";
import { RunsSkeleton } from "../../../../components/experiments/list/runs-skeleton.tsx";
import { loadRunsParams, scopeOf, tableInput, tableSetOf } from "../../../../components/experiments/runs-params.ts";
import { HydrateClient, prefetch, trpc } from "../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Runs" };

export default async function Runs({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const params = await loadRunsParams(searchParams);
  prefetch(trpc.table.search.infiniteQueryOptions(tableInput(params), { getNextPageParam: (page) => page.nextCursor }) as never);
  prefetch(trpc.table.count.queryOptions(tableSetOf(params)));
  prefetch(trpc.experiments.counts.queryOptions(scopeOf(params.project)));
  prefetch(trpc.experiments.groups.queryOptions(scopeOf(params.project)));
  return (
    <HydrateClient>
      <Suspense fallback={<RunsSkeleton />}>
        <RunsPage />
      </Suspense>
    </HydrateClient>
  );
}
