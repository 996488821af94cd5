import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { MembersPage } from "../../../../components/access/people/members-page.tsx";
import { loadPeopleParams, peopleInput } from "../../../../components/access/people/people-params.ts";
import { PeopleSkeleton } from "../../../../components/access/people/people-skeleton.tsx";
import { BY_CURSOR } from "../../../../components/access/pages.ts";
import { HydrateClient, prefetch, trpc } from "../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "People and roles" };

export default async function People({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { q, member } = await loadPeopleParams(searchParams);
  prefetch(trpc.access.people.infiniteQueryOptions(peopleInput(q), BY_CURSOR) as never);
  if (member) prefetch(trpc.access.member.queryOptions({ userId: member }));
  return (
    <HydrateClient>
      <Suspense fallback={<PeopleSkeleton />}>
        <MembersPage />
      </Suspense>
    </HydrateClient>
  );
}
