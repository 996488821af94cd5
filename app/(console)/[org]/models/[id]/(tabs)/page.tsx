import { Suspense } from "react";
import { TabSkeleton } from "../../../../../../components/experiments/run/run-skeletons.tsx";
import { ModelVersions } from "../../../../../../components/models/model-versions.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../../server/trpc/rsc.tsx";

export default async function Versions({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  prefetch(trpc.models.versions.infiniteQueryOptions({ id, limit: 50 }, { getNextPageParam: (page) => page.nextCursor }) as never);
  return (
    <HydrateClient>
      <Suspense fallback={<TabSkeleton />}>
        <ModelVersions id={id} />
      </Suspense>
    </HydrateClient>
  );
}
