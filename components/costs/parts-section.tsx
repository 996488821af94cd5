"use client";
import { Anchor, Select } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { useMemo } from "react";
import { DAY_MS, dayOf, spanName } from "../../domain/costs/days.ts";
import { geometryOf } from "../../domain/costs/money.ts";
import { PART_LABEL, PART_SAYS, PARTS_BY, PARTS_BY_LABEL, type PartsBy, type PartsGroup, type PartsView } from "../../domain/costs/parts-view.ts";
import { COST_PARTS, type CostPart } from "../../domain/costs/split.ts";
import { nextBy, whereOf } from "../../domain/costs/spend-filter.ts";
import { formatShare } from "../../domain/shared/format.ts";
import { TimeChart } from "../charts/time-chart.tsx";
import { useTRPC } from "../providers/api.tsx";
import { useOrg, useViewer } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { DownloadMenu } from "../ui/download-menu.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { FilterBar } from "../ui/filters.tsx";
import { Name } from "../ui/id.tsx";
import { Meter } from "../ui/meter.tsx";
import { Section } from "../ui/page-header.tsx";
import { daysInput, narrowedUrl, partsExportUrl, wasteParams } from "./costs-params.ts";
import { Stand } from "./costs-stand.tsx";
import { saysMoney } from "./chart-money.ts";
import { Money } from "./money.tsx";
import { RangePicker } from "./range-picker.tsx";
import classes from "./costs.module.css";

type Part = CostPart | "pending";
const ALL_PARTS: readonly Part[] = [...COST_PARTS, "pending"];

/** What the cost of all capacity went to, day by day. @param now Unix ms of the server that rendered the page. */
export function PartsSection({ now }: { now: number }) {
  const org = useOrg();
  const [params, setParams] = useQueryStates(wasteParams);
  const input = daysInput(params, now);
  const view = useSuspenseQuery(useTRPC().costs.parts.queryOptions({ ...input, by: params.by })).data;
  return (
    <Section title="Over time" actions={<DownloadMenu urlOf={(format) => partsExportUrl(org, format, input)} />}>
      <div className={classes.over}>
        <FilterBar>
          <RangePicker params={params} days={input} onChange={(next) => void setParams(next)} />
          <Select aria-label="Told apart by" data={PARTS_BY.map((value) => ({ value, label: `By ${PARTS_BY_LABEL[value].toLowerCase()}` }))} value={params.by} allowDeselect={false} onChange={(by) => void setParams({ by: by as PartsBy })} w={150} />
        </FilterBar>
        <p className={classes.total}><Money amount={view.amount} currency={view.currency} /><small>of capacity from {spanName(input.from, input.to)}. What nobody held is charged to nobody: it stays apart.</small></p>
        <Stand now={now} stand={view} of={view} />
        <PartsChart view={view} from={input.from} to={input.to} />
        <DataTable label="What the cost went to" rows={ALL_PARTS.filter((part) => part !== "pending" || view.parts.pending !== undefined)} rowKey={(part) => part} columns={partColumns(view)} flat keys={false} empty={<EmptyState title="Nothing was booked in these days" />} />
      </div>
      <Section title={`By ${PARTS_BY_LABEL[view.by].toLowerCase()}`} count={view.groups.length}>
        <DataTable label={`What the cost went to by ${PARTS_BY_LABEL[view.by].toLowerCase()}`} rows={view.groups} rowKey={(row) => row.key || "nobody"} columns={groupColumns(view)} flat keys={false} empty={<EmptyState title="Nothing was booked in these days">An hour shows here when it is over and has a price.</EmptyState>} />
      </Section>
    </Section>
  );
}

/** Each part keeps its colour, whichever of them there are. */
function PartsChart({ view, from, to }: { view: PartsView; from: string; to: string }) {
  const series = useMemo(() => {
    const byDay = new Map(view.days.map(({ day, parts }) => [day, parts]));
    return ALL_PARTS.filter((part) => view.parts[part] !== undefined).map((part) => {
      const points = [];
      for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) {
        const value = geometryOf(byDay.get(dayOf(at))?.[part] ?? "0");
        points.push({ x: at, min: value, max: value, last: value });
      }
      const slot = COST_PARTS.indexOf(part as CostPart) + 1;
      return { key: part, label: PART_LABEL[part], points, ...(slot > 0 ? { slot } : {}) };
    });
  }, [view, from, to]);
  return <TimeChart title="What did each day’s capacity go to?" unit={view.currency} xKind="day" fromZero series={series} {...saysMoney(view.days.flatMap(({ parts }) => Object.values(parts)), view.currency)} empty="Nothing was booked in these days." />;
}

const shareOf = (amount: string, whole: string): number => geometryOf(amount) / Math.max(1e-9, geometryOf(whole));
const amountOf = ({ parts }: Pick<PartsGroup, "parts">, part: Part): string => parts[part] ?? "0";

const partColumns = (view: PartsView): Column<Part>[] => [
  { key: "part", title: "Went to", width: 150, render: (part) => PART_LABEL[part] },
  { key: "says", title: "What it is", grow: true, hideBelow: "sm", render: (part) => <span className={classes.says}>{PART_SAYS[part]}</span> },
  { key: "bar", title: "Share", width: 180, hideBelow: "md", render: (part) => <Meter used={shareOf(amountOf(view, part), view.amount)} total={1} label={`Share of ${PART_LABEL[part]}`} /> },
  { key: "share", title: "", align: "right", render: (part) => <span className="dim">{formatShare(shareOf(amountOf(view, part), view.amount))}</span> },
  { key: "amount", title: "Cost", align: "right", render: (part) => <Money amount={amountOf(view, part)} currency={view.currency} /> },
];

/** The least telling are the first to go on a small screen. */
const HIDDEN_BELOW = { used: "sm", idle: "xs", unmeasured: "lg", wasted: "md", stranded: "md", free: "lg" } as const;
const groupColumns = (view: PartsView): Column<PartsGroup>[] => [
  { key: "label", title: PARTS_BY_LABEL[view.by], grow: true, render: (row) => <GroupLink by={view.by} row={row} /> },
  ...COST_PARTS.map((part): Column<PartsGroup> => ({ key: part, title: PART_LABEL[part], align: "right", hideBelow: HIDDEN_BELOW[part], render: (row) => (row.parts[part] === undefined ? <span className="dim">—</span> : <Money amount={row.parts[part]} currency={view.currency} />) })),
  { key: "amount", title: "All", align: "right", render: (row) => <Money amount={row.amount} currency={view.currency} /> },
];

/** Leads to what was spent on it in the same days. */
function GroupLink({ by, row }: { by: PartsBy; row: PartsGroup }) {
  const org = useOrg();
  const { projects } = useViewer();
  const [{ range, from, to }] = useQueryStates(wasteParams);
  const where = whereOf(by, row.key, undefined, (id) => projects.find((one) => one.id === id)?.slug);
  const name = row.key === "" ? <span className="dim">Nobody</span> : <Name value={row.label} max={36} />;
  return where ? <Anchor component={Link} href={narrowedUrl(org, { range, from, to }, where, nextBy(where) ?? by)}>{name}</Anchor> : name;
}
