"use client";
import { useSuspenseQuery } from "@tanstack/react-query";
import { monthName } from "../../domain/costs/period.ts";
import type { PeriodRow } from "../../domain/costs/period-view.ts";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useOrg } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Ago } from "../ui/time.tsx";
import { CostsFrame } from "./costs-frame.tsx";
import { Money } from "./money.tsx";
import { PeriodState } from "./period-state.tsx";

/** The books, month by month. */
export function PeriodsPage() {
  const trpc = useTRPC();
  const org = useOrg();
  const rows = useSuspenseQuery(trpc.costs.periods.queryOptions()).data;
  const { currency } = useSuspenseQuery(trpc.costs.prices.queryOptions()).data;
  const columns: Column<PeriodRow>[] = [
    { key: "period", title: "Month", grow: true, link: true, render: (row) => monthName(row.period) },
    { key: "state", title: "Books", render: (row) => <PeriodState state={row.state} /> },
    { key: "by", title: "Closed", hideBelow: "md", render: (row) => (row.closedAt ? <>{row.closedBy} · <Ago at={row.closedAt} /></> : <span className="dim">{row.requestedBy ? `asked for by ${row.requestedBy}` : "—"}</span>) },
    { key: "corrections", title: "Corrections", align: "right", hideBelow: "md", render: (row) => <Money amount={row.corrections} currency={currency} /> },
    { key: "provisional", title: "Provisional", align: "right", hideBelow: "sm", render: (row) => <Money amount={row.provisional} currency={currency} /> },
    { key: "amount", title: "Booked", align: "right", render: (row) => <Money amount={row.amount} currency={currency} /> },
  ];
  return (
    <CostsFrame>
      <DataTable label="Months" noun="month" rows={rows} rowKey={(row) => row.period} columns={columns} href={(row) => paths.period(org, row.period)} keys={false} empty={<EmptyState title="Nothing is booked yet">A month shows here once an hour of it is rated. When it is over, one person asks for its close and another closes it; what comes later is booked as a correction in an open month.</EmptyState>} />
    </CostsFrame>
  );
}
