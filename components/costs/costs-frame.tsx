"use client";
import { Skeleton } from "@mantine/core";
import { paths } from "../../paths.ts";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { TableSkeleton } from "../table/table-skeleton.tsx";
import { PageHeader } from "../ui/page-header.tsx";
import { TabLinks } from "../ui/tab-links.tsx";

/** Title and tabs of the pages about money. */
export function CostsFrame({ actions, children }: { actions?: React.ReactNode; children: React.ReactNode }) {
  const org = useOrg();
  const schedules = useCan("costs:manage").ok ? [{ href: paths.schedules(org), label: "Schedules" }] : [];
  const embeds = useCan("embeds:manage").ok ? [{ href: paths.embeds(org), label: "Embeds" }] : [];
  return (
    <>
      <PageHeader title="Costs" breadcrumbs={[]} subtitle="What every run held, at the prices that held then. Amounts are exact; they are rounded only where they are shown." actions={actions} />
      <TabLinks label="Costs" tabs={[{ href: paths.costs(org), label: "Spend" }, { href: paths.advice(org), label: "Recommendations" }, { href: paths.waste(org), label: "Waste" }, { href: paths.budgets(org), label: "Budgets" }, { href: paths.periods(org), label: "Periods" }, { href: paths.reviews(org), label: "Discrepancies" }, { href: paths.prices(org), label: "Prices" }, ...schedules, ...embeds]} />
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
