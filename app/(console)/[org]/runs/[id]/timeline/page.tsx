import type { Metadata } from "next";
import { Suspense } from "react";
import { TabSkeleton } from "../../../../../../components/experiments/run/run-skeletons.tsx";
import { RunTimeline } from "../../../../../../components/experiments/timeline/run-timeline.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Timeline" };

export default async function Timeline({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  prefetch(trpc.experiments.events.infiniteQueryOptions({ id, limit: 50 }, { getNextPageParam: (page) => page.nextCursor }) as never);
  return (
    <HydrateClient>
      <Suspense fallback={<TabSkeleton />}>
        <RunTimeline id={id} />
      </Suspense>
    </HydrateClient>
  );
}
