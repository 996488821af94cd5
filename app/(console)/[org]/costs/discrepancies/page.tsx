import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { CostsSkeleton } from "../../../../../components/costs/costs-frame.tsx";
import { loadReviewsParams } from "../../../../../components/costs/costs-params.ts";
import { ReviewsPage } from "../../../../../components/costs/reviews-page.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Discrepancies" };

export default async function Discrepancies({ searchParams }: { searchParams: Promise<SearchParams> }) {
  prefetch(trpc.costs.reviews.queryOptions(await loadReviewsParams(searchParams)));
  return (
    <HydrateClient>
      <Suspense fallback={<CostsSkeleton />}>
        <ReviewsPage />
      </Suspense>
    </HydrateClient>
  );
}
