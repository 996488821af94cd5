import type { Metadata } from "next";
import { Suspense } from "react";
import { LogViewer } from "../../../../../../components/experiments/logs/log-viewer.tsx";
import { TabSkeleton } from "../../../../../../components/experiments/run/run-skeletons.tsx";

export const metadata: Metadata = { title: "Logs" };

export default async function Logs({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense fallback={<TabSkeleton />}>
      <LogViewer id={id} />
    </Suspense>
  );
}
