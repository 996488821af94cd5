"use client";
import { Skeleton } from "@mantine/core";
import type { CostStand } from "../../domain/costs/cost-view.ts";
import { paths } from "../../paths.ts";
import { useOrg } from "../providers/viewer.tsx";
import { TableSkeleton } from "../table/data-table.tsx";
import { PageHeader } from "../ui/page-header.tsx";
import { TabLinks } from "../ui/tab-links.tsx";
import { absoluteTime } from "../ui/time.tsx";
import classes from "./costs.module.css";

/** Title and tabs of the pages about money. */
export function CostsFrame({ actions, children }: { actions?: React.ReactNode; children: React.ReactNode }) {
  const org = useOrg();
  return (
    <>
      <PageHeader title="Costs" breadcrumbs={[]} subtitle="What every run held, at the prices that held then. Amounts are exact; they are rounded only where they are shown." actions={actions} />
      <TabLinks label="Costs" tabs={[{ href: paths.costs(org), label: "Spend" }, { href: paths.budgets(org), label: "Budgets" }, { href: paths.prices(org), label: "Prices" }]} />
      {children}
    </>
  );
}

/** How far the figures can be trusted: beside every sum of money. */
export function Stand({ stand, provisional }: { stand: CostStand; provisional: React.ReactNode }) {
  return (
    <p className={classes.stand}>
      <span suppressHydrationWarning>{stand.completeTo ? `Data complete to ${absoluteTime(stand.completeTo)}` : "No hour is complete yet"}</span>
      <span>Provisional: {provisional}</span>
      <span>Rating version {stand.ratingVersion}</span>
    </p>
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
