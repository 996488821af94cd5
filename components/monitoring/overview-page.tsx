"use client";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useTRPC } from "../providers/api.tsx";
import { useProjectScope } from "../shell/scope-select.tsx";
import { PageHeader } from "../ui/page-header.tsx";

export function OverviewPage() {
  const trpc = useTRPC();
  const project = useProjectScope() ?? undefined;
  const overview = useSuspenseQuery(trpc.experiments.overview.queryOptions({ project })).data;
  return <><PageHeader title="Overview" /><pre>{JSON.stringify(overview, null, 1)}</pre></>;
}
