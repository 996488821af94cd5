import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { Suspense } from "react";
import { RunShell } from "../../../../../components/experiments/run/run-shell.tsx";
import { RunShellSkeleton } from "../../../../../components/experiments/run/run-skeletons.tsx";
import { RunId } from "../../../../../domain/shared/ids.ts";
import { getQueryClient, HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

interface Props {
  children: React.ReactNode;
  params: Promise<{ id: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { id } = await params;
  if (!RunId.safeParse(id).success) return { title: "Run" };
  const run = await getQueryClient().fetchQuery({ ...trpc.experiments.get.queryOptions({ id }), staleTime: 5000, retry: false }).catch(() => null);
  return { title: { default: run?.name ?? "Run", template: `%s · ${run?.name ?? "Run"} · Drover` } };
}

export default async function RunLayout({ children, params }: Props) {
  const { id } = await params;
  if (!RunId.safeParse(id).success) notFound();
  try {
    await getQueryClient().fetchQuery({ ...trpc.experiments.get.queryOptions({ id }), staleTime: 5000, retry: false });
  } catch (error) {
    if ((error as { code?: string }).code === "NOT_FOUND") notFound();
  }
  prefetch(trpc.experiments.metricKeys.queryOptions({ id }));
  return (
    <HydrateClient>
      <Suspense fallback={<RunShellSkeleton />}>
        <RunShell id={id}>{children}</RunShell>
      </Suspense>
    </HydrateClient>
  );
}
