import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { Suspense } from "react";
import { BY_CURSOR } from "../../../../../../../components/access/pages.ts";
import { eventsInput } from "../../../../../../../components/models/events-input.ts";
import { VersionPage, VersionSkeleton } from "../../../../../../../components/models/version-page.tsx";
import { OneVersion } from "../../../../../../../domain/models/inputs.ts";
import { getQueryClient, HydrateClient, prefetch, trpc } from "../../../../../../../server/trpc/rsc.tsx";

interface Props {
  params: Promise<{ id: string; version: string }>;
}

const parse = ({ id, version }: { id: string; version: string }) => OneVersion.safeParse({ id, version: Number(version) });

const load = (input: { id: string; version: number }) => getQueryClient().fetchQuery({ ...trpc.models.version.queryOptions(input), staleTime: 5000, retry: false });

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const asked = parse(await params);
  const found = asked.success ? await load(asked.data).catch(() => null) : null;
  return { title: found ? `${found.model.name} version ${found.version}` : "Version" };
}

export default async function Version({ params }: Props) {
  const asked = parse(await params);
  if (!asked.success) notFound();
  prefetch(trpc.models.events.infiniteQueryOptions(eventsInput(asked.data.id, asked.data.version), BY_CURSOR) as never);
  try {
    await load(asked.data);
  } catch (error) {
    if ((error as { code?: string }).code === "NOT_FOUND") notFound();
  }
  return (
    <HydrateClient>
      <Suspense fallback={<VersionSkeleton />}>
        <VersionPage id={asked.data.id} version={asked.data.version} />
      </Suspense>
    </HydrateClient>
  );
}
