import type { Metadata } from "next";
import { Suspense } from "react";
import { CostsSkeleton } from "../../../../../components/costs/costs-frame.tsx";
import { OutsidePage } from "../../../../../components/costs/outside-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Jobs from outside" };

export default function Outside() {
  prefetch(trpc.costs.outsideAccounts.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<CostsSkeleton />}>
        <OutsidePage />
      </Suspense>
    </HydrateClient>
  );
}
