import type { Metadata } from "next";
import { Suspense } from "react";
import { ClusterTelemetry } from "../../../../../../components/clusters/cluster-telemetry.tsx";
import { TabSkeleton } from "../../../../../../components/experiments/run/run-skeletons.tsx";

export const metadata: Metadata = { title: "Telemetry" };

export default async function Telemetry({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense fallback={<TabSkeleton />}>
      <ClusterTelemetry id={id} />
    </Suspense>
  );
}
