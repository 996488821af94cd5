import type { Metadata } from "next";
import { Suspense } from "react";
import { CostsSkeleton } from "../../../../../components/costs/costs-frame.tsx";
import { BudgetsPage } from "../../../../../components/costs/budgets-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Budgets" };

export default function Budgets() {
  prefetch(trpc.costs.budgets.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<CostsSkeleton />}>
        <BudgetsPage />
      </Suspense>
    </HydrateClient>
  );
}
