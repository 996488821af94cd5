"use client";
import { Button, Menu, SegmentedControl, Select } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useSuspenseInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { useMemo } from "react";
import type { RunCostRow, SpendGroup, SpendView } from "../../domain/costs/cost-view.ts";
import { geometryOf } from "../../domain/costs/money.ts";
import { OTHERS, SPEND_BY, SPEND_BY_LABEL, type SpendBy } from "../../domain/costs/spend-by.ts";
import { formatNumber } from "../../domain/shared/format.ts";
import { paths } from "../../paths.ts";
import { moreOf } from "../access/pages.ts";
import { TimeChart } from "../charts/time-chart.tsx";
import { useTRPC } from "../providers/api.tsx";
import { useOrg } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { FilterBar } from "../ui/filters.tsx";
import { Name } from "../ui/id.tsx";
import { Meter } from "../ui/meter.tsx";
import { Section } from "../ui/page-header.tsx";
import { StatusBadge } from "../ui/status-badge.tsx";
import { CostsFrame, Stand } from "./costs-frame.tsx";
import { costsExportUrl, costsParams, RANGE_NAMES, type RangeName, runsInput, spendInput } from "./costs-params.ts";
import { Money } from "./money.tsx";
import classes from "./costs.module.css";

/** Who spent what, day by day, and the dearest runs of those days. @param now Unix ms of the server that rendered the page. */
export function SpendPage({ now }: { now: number }) {
  const trpc = useTRPC();
  const org = useOrg();
  const [params, setParams] = useQueryStates(costsParams);
  const input = spendInput(params, now);
  const spend = useSuspenseQuery(trpc.costs.spend.queryOptions({ ...input, by: params.by })).data;
  return (
    <CostsFrame actions={<ExportCosts input={input} />}>
      <FilterBar>
        <SegmentedControl size="xs" aria-label="Time range" data={[...RANGE_NAMES]} value={params.range} onChange={(range) => void setParams({ range: range as RangeName })} />
        <Select aria-label="Told apart by" data={SPEND_BY.map((value) => ({ value, label: `By ${SPEND_BY_LABEL[value].toLowerCase()}` }))} value={params.by} allowDeselect={false} onChange={(by) => void setParams({ by: by as SpendBy })} w={150} />
      </FilterBar>
      {spend.isUnpriced ? (
        <EmptyState title="Nothing has a price yet" action={<Button component={Link} href={paths.prices(org)}>Prices</Button>}>What every run holds is metered already. Set what an hour of an accelerator, a core or a GiB costs, and the past is rated too.</EmptyState>
      ) : (
        <>
          <p className={classes.total}><Money amount={spend.amount} currency={spend.currency} /><small>from {input.from} to {input.to}</small></p>
          <Stand stand={spend} provisional={<Money amount={spend.provisional} currency={spend.currency} />} />
          <SpendChart spend={spend} from={input.from} to={input.to} />
          <Groups spend={spend} />
          <DearestRuns input={input} currency={spend.currency} />
        </>
      )}
    </CostsFrame>
  );
}

/** Every day's sums as the ledger has them, told apart by everything at once. */
function ExportCosts({ input }: { input: ReturnType<typeof spendInput> }) {
  const org = useOrg();
  return (
    <Menu position="bottom-end">
      <Menu.Target><Button variant="default" leftSection={<IconDownload size={14} />}>Export</Button></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={costsExportUrl(org, "csv", input)} download>CSV</Menu.Item>
        <Menu.Item component="a" href={costsExportUrl(org, "parquet", input)} download>Parquet</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

const DAY_MS = 86_400_000;

function SpendChart({ spend, from, to }: { spend: SpendView; from: string; to: string }) {
  const series = useMemo(() => {
    const named = spend.groups.filter(({ key }) => key !== OTHERS && spend.days.some((day) => day.key === key));
    const others = spend.days.some(({ key }) => key === OTHERS) ? [{ key: OTHERS, label: "Others" }] : [];
    return [...named, ...others].map(({ key, label }) => {
      const byDay = new Map(spend.days.filter((one) => one.key === key).map((one) => [one.day, geometryOf(one.amount)]));
      const points = [];
      for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) {
        const value = byDay.get(new Date(at).toISOString().slice(0, 10)) ?? 0;
        points.push({ x: at, min: value, max: value, last: value });
      }
      return { key: key || "idle", label, points };
    });
  }, [spend, from, to]);
  return <TimeChart title="What did each day cost?" unit={spend.currency} xKind="time" fromZero series={series} formatValue={(value) => formatNumber(value, 2)} empty="Nothing was held in these days." />;
}

function Groups({ spend }: { spend: SpendView }) {
  const rows = spend.groups;
  const most = Math.max(1e-9, ...rows.map(({ amount }) => geometryOf(amount)));
  const columns: Column<SpendGroup>[] = [
    { key: "label", title: SPEND_BY_LABEL[spend.by], width: 240, render: (row) => (row.key === "" ? <span className="dim" title="Capacity that nobody held">Idle</span> : <Name value={row.label} max={36} />) },
    { key: "bar", title: "", grow: true, hideBelow: "sm", render: (row) => <Meter used={Math.max(0, geometryOf(row.amount))} total={most} label={`Cost of ${row.label}`} /> },
    { key: "hours", title: "Accelerator hours", align: "right", hideBelow: "xs", render: (row) => formatNumber(geometryOf(row.acceleratorHours), 2) },
    { key: "provisional", title: "Provisional", align: "right", hideBelow: "md", render: (row) => <Money amount={row.provisional} currency={spend.currency} /> },
    { key: "amount", title: "Cost", align: "right", render: (row) => <Money amount={row.amount} currency={spend.currency} /> },
  ];
  return (
    <Section title={`By ${SPEND_BY_LABEL[spend.by].toLowerCase()}`} count={rows.length}>
      <DataTable label={`Cost by ${SPEND_BY_LABEL[spend.by].toLowerCase()}`} rows={rows} rowKey={(row) => row.key || "idle"} columns={columns} flat keys={false} empty={<EmptyState title="Nothing was held in these days" />} />
    </Section>
  );
}

function DearestRuns({ input, currency }: { input: ReturnType<typeof spendInput>; currency: string }) {
  const trpc = useTRPC();
  const org = useOrg();
  const query = useSuspenseInfiniteQuery(trpc.costs.runs.infiniteQueryOptions(runsInput(input), { getNextPageParam: (page) => page.nextCursor }));
  const rows = query.data.pages.flatMap((page) => page.items);
  const columns: Column<RunCostRow>[] = [
    { key: "name", title: "Run", grow: true, link: true, render: (row) => <Name value={row.name} max={48} /> },
    { key: "status", title: "Status", hideBelow: "xs", render: (row) => <StatusBadge status={row.status} /> },
    { key: "project", title: "Project", hideBelow: "sm", render: (row) => <Name value={row.project} max={24} /> },
    { key: "hours", title: "Accelerator hours", align: "right", hideBelow: "sm", render: (row) => formatNumber(geometryOf(row.acceleratorHours), 2) },
    { key: "amount", title: "Cost", align: "right", render: (row) => <Money amount={row.amount} currency={currency} /> },
  ];
  return (
    <Section title="Dearest runs">
      <DataTable label="Dearest runs" noun="run" rows={rows} rowKey={(row) => row.id} columns={columns} href={(row) => paths.run(org, row.id)} more={moreOf(query)} keys={false} empty={<EmptyState title="No run held anything in these days">A run shows here when an hour of it is over.</EmptyState>} />
    </Section>
  );
}
