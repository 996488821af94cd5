import type { Metadata } from "next";
import { Suspense } from "react";
import { RunCompare } from "../../../../../../components/experiments/compare/run-compare.tsx";
import { TabSkeleton } from "../../../../../../components/experiments/run/run-skeletons.tsx";

export const metadata: Metadata = { title: "Compare" };

export default async function Compare({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense fallback={<TabSkeleton />}>
      <RunCompare id={id} />
    </Suspense>
  );
}
