import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { GroupsPage, GroupsSkeleton } from "../../../../../../components/experiments/compare/groups-page.tsx";
import { loadSetParams, scopeOfSet } from "../../../../../../components/experiments/compare/set-params.ts";
import { HydrateClient, prefetch, trpc } from "../../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Compare all runs" };

export default async function CompareAll({ searchParams }: { searchParams: Promise<SearchParams> }) {
  prefetch(trpc.table.keys.queryOptions(scopeOfSet(await loadSetParams(searchParams))));
  return (
    <HydrateClient>
      <Suspense fallback={<GroupsSkeleton />}>
        <GroupsPage />
      </Suspense>
    </HydrateClient>
  );
}
