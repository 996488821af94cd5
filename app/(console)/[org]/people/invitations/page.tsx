import type { Metadata } from "next";
import { Suspense } from "react";
import { BY_CURSOR } from "../../../../../components/access/pages.ts";
import { InvitationsPage } from "../../../../../components/access/people/invitations-page.tsx";
import { TableFrameSkeleton } from "../../../../../components/access/people/people-skeleton.tsx";
import { NeedsPermission } from "../../../../../components/access/needs-permission.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Invitations" };

export default function Invitations() {
  prefetch(trpc.access.invitations.infiniteQueryOptions({ limit: 50 }, BY_CURSOR) as never);
  return (
    <HydrateClient>
      <NeedsPermission permission="members:manage" title="Invitations">
        <Suspense fallback={<TableFrameSkeleton titles={["E-mail", "Role", "Invited by", "Good until"]} />}>
          <InvitationsPage />
        </Suspense>
      </NeedsPermission>
    </HydrateClient>
  );
}
