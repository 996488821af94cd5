import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { Suspense } from "react";
import { ModelShell, ModelShellSkeleton } from "../../../../../../components/models/model-shell.tsx";
import { ModelId } from "../../../../../../domain/models/inputs.ts";
import { getQueryClient, HydrateClient, trpc } from "../../../../../../server/trpc/rsc.tsx";

interface Props {
  children: React.ReactNode;
  params: Promise<{ id: string }>;
}

const load = (id: string) => getQueryClient().fetchQuery({ ...trpc.models.get.queryOptions({ id }), staleTime: 5000, retry: false });

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { id } = await params;
  const model = ModelId.safeParse(id).success ? await load(id).catch(() => null) : null;
  return { title: { default: model?.name ?? "Model", template: `%s · ${model?.name ?? "Model"} · Drover` } };
}

export default async function ModelLayout({ children, params }: Props) {
  const { id } = await params;
  if (!ModelId.safeParse(id).success) notFound();
  try {
    await load(id);
  } catch (error) {
    if ((error as { code?: string }).code === "NOT_FOUND") notFound();
  }
  return (
    <HydrateClient>
      <Suspense fallback={<ModelShellSkeleton />}>
        <ModelShell id={id}>{children}</ModelShell>
      </Suspense>
    </HydrateClient>
  );
}
