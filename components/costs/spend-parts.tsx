"use client";
import { useMemo } from "react";
import type { SpendGroup, SpendView } from "../../domain/costs/cost-view.ts";
import { DAY_MS, dayOf } from "../../domain/costs/days.ts";
import { geometryOf } from "../../domain/costs/money.ts";
import { OTHERS, SPEND_BY_LABEL } from "../../domain/costs/spend-by.ts";
import { formatNumber } from "../../domain/shared/format.ts";
import { TimeChart } from "../charts/time-chart.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Name } from "../ui/id.tsx";
import { Meter } from "../ui/meter.tsx";
import { Section } from "../ui/page-header.tsx";
import { Money } from "./money.tsx";

/** Each day's cost of the dearest groups, and of all others together. */
export function SpendChart({ spend, from, to }: { spend: SpendView; from: string; to: string }) {
  const series = useMemo(() => {
    const named = spend.groups.filter(({ key }) => key !== OTHERS && spend.days.some((day) => day.key === key));
    const others = spend.days.some(({ key }) => key === OTHERS) ? [{ key: OTHERS, label: "Others" }] : [];
    return [...named, ...others].map(({ key, label }) => {
      const byDay = new Map(spend.days.filter((one) => one.key === key).map((one) => [one.day, geometryOf(one.amount)]));
      const points = [];
      for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) {
        const value = byDay.get(dayOf(at)) ?? 0;
        points.push({ x: at, min: value, max: value, last: value });
      }
      return { key: key || "idle", label, points };
    });
  }, [spend, from, to]);
  return <TimeChart title="What did each day cost?" unit={spend.currency} xKind="time" fromZero series={series} formatValue={(value) => formatNumber(value, 2)} empty="Nothing was held in these days." />;
}

/** What each group cost, the dearest first. */
export function SpendGroups({ spend, locale = null }: { spend: SpendView; locale?: string | null }) {
  const rows = spend.groups;
  const most = Math.max(1e-9, ...rows.map(({ amount }) => geometryOf(amount)));
  const columns: Column<SpendGroup>[] = [
    { key: "label", title: SPEND_BY_LABEL[spend.by], width: 240, render: (row) => (row.key === "" ? <span className="dim" title="Capacity that nobody held">Idle</span> : <Name value={row.label} max={36} />) },
    { key: "bar", title: "Share", grow: true, hideBelow: "sm", render: (row) => <Meter used={Math.max(0, geometryOf(row.amount))} total={most} label={`Cost of ${row.label}`} /> },
    { key: "hours", title: "Accelerator hours", align: "right", hideBelow: "xs", render: (row) => formatNumber(geometryOf(row.acceleratorHours), 2) },
    { key: "provisional", title: "Provisional", align: "right", hideBelow: "md", render: (row) => <Money amount={row.provisional} currency={spend.currency} locale={locale} /> },
    { key: "amount", title: "Cost", align: "right", render: (row) => <Money amount={row.amount} currency={spend.currency} locale={locale} /> },
  ];
  return (
    <Section title={`By ${SPEND_BY_LABEL[spend.by].toLowerCase()}`} count={rows.length}>
      <DataTable label={`Cost by ${SPEND_BY_LABEL[spend.by].toLowerCase()}`} rows={rows} rowKey={(row) => row.key || "idle"} columns={columns} flat keys={false} empty={<EmptyState title="Nothing was held in these days" />} />
    </Section>
  );
}

