import type { Metadata } from "next";
import { Suspense } from "react";
import { RunArtifacts } from "../../../../../../components/experiments/artifacts/run-artifacts.tsx";
import { TabSkeleton } from "../../../../../../components/experiments/run/run-skeletons.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Artifacts" };

export default async function Artifacts({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  prefetch(trpc.experiments.artifacts.queryOptions({ id }));
  return (
    <HydrateClient>
      <Suspense fallback={<TabSkeleton />}>
        <RunArtifacts id={id} />
      </Suspense>
    </HydrateClient>
  );
}
