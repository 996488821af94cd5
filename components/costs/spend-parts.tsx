"use client";
import { Anchor } from "@mantine/core";
import Link from "next/link";
import { useMemo } from "react";
import type { SpendGroup, SpendView } from "../../domain/costs/cost-view.ts";
import { DAY_MS, dayOf } from "../../domain/costs/days.ts";
import { formatMoney, geometryOf } from "../../domain/costs/money.ts";
import { changeWords } from "../../domain/costs/spend-change.ts";
import { OTHERS, SPEND_BY_LABEL } from "../../domain/costs/spend-by.ts";
import { formatHours, formatShare } from "../../domain/shared/format.ts";
import { ShareMap } from "../charts/share-map.tsx";
import { TimeChart } from "../charts/time-chart.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Name } from "../ui/id.tsx";
import { Meter } from "../ui/meter.tsx";
import { Section } from "../ui/page-header.tsx";
import { saysMoney } from "./chart-money.ts";
import { Money } from "./money.tsx";
import classes from "./costs.module.css";

/** Each day's cost of the dearest groups, and of all others together. */
export function SpendChart({ spend, from, to, locale = null }: { spend: SpendView; from: string; to: string; locale?: string | null }) {
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
      return { key: key || "idle", label: key === "" ? "Idle" : label, points };
    });
  }, [spend, from, to]);
  return <TimeChart title="What did each day cost?" unit={spend.currency} xKind="day" fromZero series={series} {...saysMoney(spend.days.map(({ amount }) => amount), spend.currency, locale)} empty="Nothing was held in these days." />;
}

/** With a link to what it is made of, where that can be looked at. */
function GroupName({ group, href }: { group: SpendGroup; href: string | undefined }) {
  const name = group.key === "" ? <span className="dim" title="Capacity that nobody held">Idle</span> : <Name value={group.label} max={36} />;
  return href ? <Anchor component={Link} href={href}>{name}</Anchor> : name;
}

/** The same as areas. */
export function SpendMap({ spend, hrefOf, tools }: { spend: SpendView; hrefOf: (group: SpendGroup) => string | undefined; tools?: React.ReactNode }) {
  const shares = spend.groups.map((group) => ({ key: group.key || "idle", label: group.key === "" ? "Idle" : group.label, size: geometryOf(group.amount), value: formatMoney(group.amount, spend.currency), isRest: group.key === "" || group.key === OTHERS, href: hrefOf(group) }));
  return (
    <Section actions={tools} title={`By ${SPEND_BY_LABEL[spend.by].toLowerCase()}`} count={shares.length}>
      <div className={classes.map}><ShareMap title="Which parts are the large ones?" unit={spend.currency} shares={shares} /></div>
    </Section>
  );
}

/** What each group cost, the dearest first. @param before What they cost in as many days before; null: nothing was rated then. Left out: nothing is compared. */
export function SpendGroups({ spend, locale = null, before, hrefOf, tools }: { spend: SpendView; locale?: string | null; before?: ReadonlyMap<string, string> | null; hrefOf?: (group: SpendGroup) => string | undefined; tools?: React.ReactNode }) {
  const rows = spend.groups;
  const whole = Math.max(1e-9, rows.reduce((sum, { amount }) => sum + Math.max(0, geometryOf(amount)), 0));
  const shareOf = (row: SpendGroup) => Math.max(0, geometryOf(row.amount)) / whole;
  const columns: Column<SpendGroup>[] = [
    { key: "label", title: SPEND_BY_LABEL[spend.by], width: 240, render: (row) => <GroupName group={row} href={hrefOf?.(row)} /> },
    { key: "bar", title: "Share", grow: true, hideBelow: "sm", render: (row) => <Meter used={shareOf(row)} total={1} label={`Share of ${row.key === "" ? "Idle" : row.label}`} /> },
    { key: "share", title: "", align: "right", hideBelow: "sm", render: (row) => <span className="dim">{formatShare(shareOf(row))}</span> },
    { key: "hours", title: "Accelerator hours", align: "right", hideBelow: "xs", render: (row) => formatHours(geometryOf(row.acceleratorHours)) },
    { key: "provisional", title: "Provisional", align: "right", hideBelow: "md", render: (row) => <Money amount={row.provisional} currency={spend.currency} locale={locale} /> },
    { key: "amount", title: "Cost", align: "right", render: (row) => <Money amount={row.amount} currency={spend.currency} locale={locale} /> },
    ...(before === undefined ? [] : [{ key: "change", title: "Against before", align: "right" as const, hideBelow: "sm" as const, render: (row: SpendGroup) => <span className="dim">{changeWords(row.amount, before && before.get(row.key))}</span> }]),
  ];
  return (
    <Section actions={tools} title={`By ${SPEND_BY_LABEL[spend.by].toLowerCase()}`} count={rows.length}>
      <DataTable label={`Cost by ${SPEND_BY_LABEL[spend.by].toLowerCase()}`} rows={rows} rowKey={(row) => row.key || "idle"} columns={columns} flat keys={false} empty={<EmptyState title="Nothing was held in these days" />} />
    </Section>
  );
}

