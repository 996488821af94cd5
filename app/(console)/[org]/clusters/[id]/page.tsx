import { ClusterNodes } from "../../../../../components/clusters/cluster-nodes.tsx";

export default async function Nodes({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <ClusterNodes id={id} />;
}
