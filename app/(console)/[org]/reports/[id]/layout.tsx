import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { ReportId } from "../../../../../domain/shared/ids.ts";
import { getQueryClient, HydrateClient, trpc } from "../../../../../server/trpc/rsc.tsx";

interface Props {
  children: React.ReactNode;
  params: Promise<{ id: string }>;
}

const load = (id: string) => getQueryClient().fetchQuery({ ...trpc.reports.get.queryOptions({ id }), staleTime: 5000, retry: false });

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { id } = await params;
  const report = ReportId.safeParse(id).success ? await load(id).catch(() => null) : null;
  return { title: { default: report?.title ?? "Report", template: `%s · ${report?.title ?? "Report"} · Drover` } };
}

export default async function ReportLayout({ children, params }: Props) {
  const { id } = await params;
  if (!ReportId.safeParse(id).success) notFound();
  try {
    await load(id);
  } catch (error) {
    if ((error as { code?: string }).code === "NOT_FOUND") notFound();
  }
  return <HydrateClient>{children}</HydrateClient>;
}
