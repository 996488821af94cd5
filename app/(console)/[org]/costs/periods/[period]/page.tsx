import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { Suspense } from "react";
import { CostsSkeleton } from "../../../../../../components/costs/costs-frame.tsx";
import { PeriodPage } from "../../../../../../components/costs/period-page.tsx";
import { isPeriod, monthName } from "../../../../../../domain/costs/period.ts";
import { HydrateClient, prefetch, trpc } from "../../../../../../server/trpc/rsc.tsx";

interface Props {
  params: Promise<{ period: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { period } = await params;
  return { title: isPeriod(period) ? monthName(period) : "Period" };
}

export default async function Period({ params }: Props) {
  const { period } = await params;
  if (!isPeriod(period)) notFound();
  prefetch(trpc.costs.period.queryOptions({ period }));
  return (
    <HydrateClient>
      <Suspense fallback={<CostsSkeleton />}>
        <PeriodPage period={period} />
      </Suspense>
    </HydrateClient>
  );
}
