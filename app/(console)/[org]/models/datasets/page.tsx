import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { BY_CURSOR } from "../../../../../components/access/pages.ts";
import { DatasetsPage } from "../../../../../components/models/datasets-page.tsx";
import { ModelsSkeleton } from "../../../../../components/models/models-page.tsx";
import { listInput, loadModelsParams } from "../../../../../components/models/models-params.ts";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Data sets" };

export default async function Datasets({ searchParams }: { searchParams: Promise<SearchParams> }) {
  prefetch(trpc.models.datasets.infiniteQueryOptions(listInput(await loadModelsParams(searchParams)), BY_CURSOR) as never);
  return (
    <HydrateClient>
      <Suspense fallback={<ModelsSkeleton />}>
        <DatasetsPage />
      </Suspense>
    </HydrateClient>
  );
}
