import type { Metadata } from "next";
import { Suspense } from "react";
import { CostsSkeleton } from "../../../../../components/costs/costs-frame.tsx";
import { EmbedsPage } from "../../../../../components/costs/embeds/embeds-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Embeds" };

export default function Embeds() {
  prefetch(trpc.costs.embeds.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<CostsSkeleton />}>
        <EmbedsPage />
      </Suspense>
    </HydrateClient>
  );
}
