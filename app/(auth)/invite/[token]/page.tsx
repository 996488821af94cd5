import type { Metadata } from "next";
import { Suspense } from "react";
import { Invitation } from "../../../../components/access/invitation.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Invitation", referrer: "no-referrer" };

export default async function InvitePage({ params }: { params: Promise<{ token: string }> }) {
  const token = (await params).token.slice(0, 200);
  prefetch(trpc.access.invitation.queryOptions({ token }));
  return (
    <HydrateClient>
      <Suspense>
        <Invitation token={token} />
      </Suspense>
    </HydrateClient>
  );
}
