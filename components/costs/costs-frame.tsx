"use client";
import { Skeleton } from "@mantine/core";
import { paths } from "../../paths.ts";
import { useOrg } from "../providers/viewer.tsx";
import { useTabs } from "../shell/use-tabs.ts";
import { TableSkeleton } from "../table/table-skeleton.tsx";
import { PageHeader } from "../ui/page-header.tsx";
import { TabLinks } from "../ui/tab-links.tsx";

/** Title and tabs of the pages about money. */
export function CostsFrame({ actions, children }: { actions?: React.ReactNode; children: React.ReactNode }) {
  const tabs = useTabs(paths.costs(useOrg()));
  return (
    <>
      <PageHeader title="Costs" breadcrumbs={[]} subtitle="What every run held, at the prices that held then. Amounts are exact; they are rounded only where they are shown." actions={actions} />
      <TabLinks label="Costs" tabs={tabs} />
      {children}
    </>
  );
}

export function CostsSkeleton() {
  return (
    <CostsFrame>
      <Skeleton width={220} height={32} my="md" />
      <Skeleton height={200} mb="xl" />
      <TableSkeleton columns={[{ key: "label", title: "Project", grow: true }, { key: "amount", title: "Cost", align: "right" }]} rows={6} />
    </CostsFrame>
  );
}
