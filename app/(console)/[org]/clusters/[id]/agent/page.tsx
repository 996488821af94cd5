import type { Metadata } from "next";
import { ClusterAgent } from "../../../../../../components/clusters/cluster-agent.tsx";

export const metadata: Metadata = { title: "Agent" };

export default async function Agent({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <ClusterAgent id={id} />;
}
