import { ClusterNodes } from "../../../../../components/clusters/cluster-nodes.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export default async function Nodes({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  prefetch(trpc.clusters.findings.queryOptions({ id }));
  return (
    <HydrateClient>
      <ClusterNodes id={id} />
    </HydrateClient>
  );
}
