import type { Metadata } from "next";
import { Suspense } from "react";
import { BY_CURSOR } from "../../../../../../../components/access/pages.ts";
import { TabSkeleton } from "../../../../../../../components/experiments/run/run-skeletons.tsx";
import { eventsInput } from "../../../../../../../components/models/events-input.ts";
import { ModelTimeline } from "../../../../../../../components/models/model-timeline.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Timeline" };

export default async function ModelTimelinePage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  prefetch(trpc.models.events.infiniteQueryOptions(eventsInput(id), BY_CURSOR) as never);
  return (
    <HydrateClient>
      <Suspense fallback={<TabSkeleton />}>
        <ModelTimeline id={id} />
      </Suspense>
    </HydrateClient>
  );
}
