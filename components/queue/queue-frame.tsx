"use client";
import { useSuspenseQuery } from "@tanstack/react-query";
import { formatSeconds } from "../../domain/shared/format.ts";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useOrg } from "../providers/viewer.tsx";
import { useTabs } from "../shell/use-tabs.ts";
import { PageHeader } from "../ui/page-header.tsx";
import { TabLinks } from "../ui/tab-links.tsx";

/** Title and tabs of the queue's pages. Counts are everybody's. */
export function QueueFrame({ children }: { children: React.ReactNode }) {
  const org = useOrg();
  const { waiting, running, error } = useSuspenseQuery(useTRPC().queue.summary.queryOptions()).data;
  const counts: Record<string, number> = { [paths.queueTab(org, "waiting")]: waiting, [paths.queueTab(org, "running")]: running };
  const tabs = useTabs(paths.queue(org)).map((tab) => ({ ...tab, count: counts[tab.href] }));
  const past = error ? ` Estimates of the start were off by ${formatSeconds(Math.round(error.medianSeconds))} at the median of the last ${error.samples}.` : "";
  return (
    <>
      <PageHeader title="Queue" breadcrumbs={[]} subtitle={`One queue over all clusters, in the order in which runs start.${past}`} />
      <TabLinks label="Queue" tabs={tabs} />
      {children}
    </>
  );
}
