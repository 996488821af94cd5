import type { Metadata } from "next";
import { Suspense } from "react";
import { TableFrameSkeleton } from "../../../../../components/access/people/people-skeleton.tsx";
import { TeamsPage } from "../../../../../components/access/people/teams-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Teams and projects" };

export default function Teams() {
  prefetch(trpc.access.teams.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<TableFrameSkeleton titles={["Project", "Short name", "Roles given here"]} />}>
        <TeamsPage />
      </Suspense>
    </HydrateClient>
  );
}
