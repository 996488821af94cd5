import type { Metadata } from "next";
import { Suspense } from "react";
import { RunCharts } from "../../../../../../components/experiments/charts/run-charts.tsx";
import { TabSkeleton } from "../../../../../../components/experiments/run/run-skeletons.tsx";

export const metadata: Metadata = { title: "Charts" };

export default async function Charts({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense fallback={<TabSkeleton />}>
      <RunCharts id={id} />
    </Suspense>
  );
}
