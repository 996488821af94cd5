import { Suspense } from "react";
import { RunSummary } from "../../../../../components/experiments/summary/run-summary.tsx";
import { TabSkeleton } from "../../../../../components/experiments/run/run-skeletons.tsx";

export default async function Summary({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense fallback={<TabSkeleton />}>
      <RunSummary id={id} />
    </Suspense>
  );
}
