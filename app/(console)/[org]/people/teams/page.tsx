import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { loadTeamsParams, teamsInput } from "../../../../../components/access/people/people-params.ts";
import { TableFrameSkeleton } from "../../../../../components/access/people/people-skeleton.tsx";
import { TeamsPage } from "../../../../../components/access/people/teams-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Teams and projects" };

export default async function Teams({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { q } = await loadTeamsParams(searchParams);
  prefetch(trpc.access.teams.queryOptions(teamsInput(q)));
  return (
    <HydrateClient>
      <Suspense fallback={<TableFrameSkeleton titles={["Project", "Short name", "Roles given here"]} />}>
        <TeamsPage />
      </Suspense>
    </HydrateClient>
  );
}
