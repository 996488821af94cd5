"use client";
import { Button, Tooltip } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { BUDGET_POLICY_LABEL, BUDGET_SCOPE_LABEL, lastWarning } from "../../domain/costs/budget.ts";
import type { BudgetsView, BudgetView } from "../../domain/costs/cost-view.ts";
import { compare, decimal, ZERO } from "../../domain/costs/decimal.ts";
import type { ForecastRecord } from "../../domain/costs/forecast-record.ts";
import { formatMoney, geometryOf } from "../../domain/costs/money.ts";
import { monthName } from "../../domain/costs/period.ts";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { DialogButton } from "../ui/dialog-button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Name } from "../ui/id.tsx";
import { Meter } from "../ui/meter.tsx";
import type { Tone } from "../ui/status-tones.ts";
import { absoluteTime, useZone } from "../ui/time.tsx";
import { AddBudgetForm } from "./budget-form.tsx";
import { BudgetMenu } from "./budget-menu.tsx";
import { CostsFrame } from "./costs-frame.tsx";
import { Stand } from "./costs-stand.tsx";
import { Money } from "./money.tsx";

/** What each team, project and person may spend this month, what is left, and what the month should end at. */
export function BudgetsPage() {
  const view = useSuspenseQuery(useTRPC().costs.budgets.queryOptions()).data;
  const may = useCan("costs:manage");
  const org = useOrg();
  const add = <DialogButton label="Add a budget" allowed={may} form={(close) => <AddBudgetForm currency={view.currency} onDone={close} />} />;
  const empty = (
    <EmptyState title="No budgets yet" action={may.ok ? undefined : <Button variant="default" disabled>Ask who has the role Billing</Button>}>
      A budget limits what the organization, a team, a project or a person may spend in a month. A run is held on it when it is submitted, so that it is never promised twice.
    </EmptyState>
  );
  return (
    <CostsFrame actions={add}>
      <Stand stand={view}>
        <span>{monthName(view.month)}, UTC</span>
        <span>Idle capacity falls to no budget.</span>
        {view.isUnpriced && view.budgets.length > 0 && <span>Nothing has a price yet, so nothing is spent. <Link href={paths.prices(org)}>Set prices</Link></span>}
      </Stand>
      <DataTable label="Budgets" noun="budget" rows={view.budgets} rowKey={(row) => row.id} columns={columnsOf(view, may.ok)} keys={false} empty={empty} />
    </CostsFrame>
  );
}

function columnsOf({ currency }: BudgetsView, mayChange: boolean): Column<BudgetView>[] {
  return [
    { key: "name", title: "Budget", width: 190, render: (row) => <><Name value={row.name} max={26} />{row.archivedAt && <span className="dim"> · archived</span>}</> },
    { key: "scope", title: "Of", width: 190, hideBelow: "sm", render: (row) => <><span className="dim">{BUDGET_SCOPE_LABEL[row.scope.type]}</span>{row.scope.type !== "org" && <> · <Name value={row.scope.label} max={22} /></>}</> },
    { key: "use", title: "Share", grow: true, hideBelow: "md", render: (row) => <Use row={row} /> },
    { key: "percent", title: "Used", align: "right", hideBelow: "xs", render: (row) => <span style={{ color: `var(--tone-${toneOf(row)})` }}>{row.percent} %</span> },
    { key: "spent", title: "Spent", align: "right", render: (row) => <><Money amount={row.spent} currency={currency} /><span className="dim"> of </span><Money amount={row.amount} currency={currency} /></> },
    { key: "provisional", title: "Provisional", align: "right", hideBelow: "lg", render: (row) => <Money amount={row.provisional} currency={currency} /> },
    { key: "held", title: "Held", align: "right", hideBelow: "lg", render: (row) => <Money amount={row.held} currency={currency} /> },
    { key: "left", title: "Left", align: "right", hideBelow: "sm", render: (row) => <Money amount={row.left} currency={currency} /> },
    { key: "forecast", title: "Month's end", align: "right", hideBelow: "lg", render: (row) => <MonthEnd row={row} currency={currency} /> },
    { key: "policy", title: "At the limit", hideBelow: "xl", render: (row) => BUDGET_POLICY_LABEL[row.policy] },
    ...(mayChange ? [{ key: "acts", title: "", align: "right" as const, width: 44, render: (row: BudgetView) => <BudgetMenu budget={row} currency={currency} /> }] : []),
  ];
}

const toneOf = ({ percent, levels, left }: BudgetView): Tone => (percent >= 100 || compare(decimal(left), ZERO) < 0 ? "bad" : percent >= lastWarning(levels) ? "warn" : "neutral");

function Use({ row }: { row: BudgetView }) {
  const zone = useZone();
  const reached = row.alerts.map(({ level, at }) => `${level} % on ${absoluteTime(at, zone)}`).join(", ");
  const tone = toneOf(row);
  return <span title={reached ? `Reached ${reached}` : undefined}><Meter used={geometryOf(row.spent)} total={geometryOf(row.amount)} tone={tone === "neutral" ? "active" : tone} label={`Spent of ${row.name}`} /></span>;
}

const recordWords = (record: ForecastRecord | null): string => (record === null ? "" : ` Of ${record.tried} such forecasts of the months before, ${record.within} held; the middle was off by ${record.offBy} % at the median.`);

/** The middle, with the low and the high in the tooltip. */
function MonthEnd({ row, currency }: { row: BudgetView; currency: string }) {
  if (!row.forecast) return <span className="dim" title="Three whole days of costs are needed">—</span>;
  const { p10, p50, p90 } = row.forecast;
  return <Tooltip multiline maw={340} label={`One month in ten ends below ${formatMoney(p10, currency)}, one above ${formatMoney(p90, currency)}.${recordWords(row.record)}`}><span className="nowrap" tabIndex={0}>{formatMoney(p50, currency)}</span></Tooltip>;
}
