import type { Metadata } from "next";
import { Suspense } from "react";
import { TabSkeleton } from "../../../../../../components/experiments/run/run-skeletons.tsx";
import { RunTerminal } from "../../../../../../components/experiments/terminal/run-terminal.tsx";

export const metadata: Metadata = { title: "Terminal" };

export default async function Terminal({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense fallback={<TabSkeleton />}>
      <RunTerminal id={id} />
    </Suspense>
  );
}
