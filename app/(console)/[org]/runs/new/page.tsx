import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { createLoader, parseAsInteger, parseAsString, type SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { LazyCloneRunPage, LazyNewRunPage } from "../../../../../components/experiments/new-run/lazy-new-run.tsx";
import { TabSkeleton } from "../../../../../components/experiments/run/run-skeletons.tsx";
import { isSlug } from "../../../../../domain/shared/id-format.ts";
import { RunId } from "../../../../../domain/shared/ids.ts";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "New run" };

const loadParams = createLoader({ from: parseAsString, memory: parseAsInteger, cpus: parseAsInteger, gpus: parseAsInteger, maxDuration: parseAsInteger, cluster: parseAsString });

export default async function NewRun({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { from, memory, cpus, gpus, maxDuration, cluster } = await loadParams(searchParams);
  if (from !== null && !RunId.safeParse(from).success) notFound();
  if (from) prefetch(trpc.experiments.get.queryOptions({ id: from }));
  prefetch(trpc.experiments.examples.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<TabSkeleton />}>{from ? <LazyCloneRunPage from={from} patch={{ ...(memory ? { memory } : {}), ...(cpus ? { cpus } : {}), ...(gpus ? { gpus } : {}), ...(maxDuration ? { maxDuration } : {}), ...(cluster && isSlug(cluster) ? { cluster } : {}) }} /> : <LazyNewRunPage />}</Suspense>
    </HydrateClient>
  );
}
