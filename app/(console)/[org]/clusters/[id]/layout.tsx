import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { Suspense } from "react";
import { ClusterShell, ClusterShellSkeleton } from "../../../../../components/clusters/cluster-shell.tsx";
import { ClusterId } from "../../../../../domain/shared/ids.ts";
import { getQueryClient, HydrateClient, trpc } from "../../../../../server/trpc/rsc.tsx";

interface Props {
  children: React.ReactNode;
  params: Promise<{ id: string }>;
}

const load = (id: string) => getQueryClient().fetchQuery({ ...trpc.clusters.get.queryOptions({ id }), staleTime: 5000, retry: false });

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { id } = await params;
  const cluster = ClusterId.safeParse(id).success ? await load(id).catch(() => null) : null;
  return { title: { default: cluster?.name ?? "Cluster", template: `%s · ${cluster?.name ?? "Cluster"} · Drover` } };
}

export default async function ClusterLayout({ children, params }: Props) {
  const { id } = await params;
  if (!ClusterId.safeParse(id).success) notFound();
  try {
    await load(id);
  } catch (error) {
    if ((error as { code?: string }).code === "NOT_FOUND") notFound();
  }
  return (
    <HydrateClient>
      <Suspense fallback={<ClusterShellSkeleton />}>
        <ClusterShell id={id}>{children}</ClusterShell>
      </Suspense>
    </HydrateClient>
  );
}
