"use client";
import { Button, SegmentedControl, Select } from "@mantine/core";
import { useSuspenseInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import type { RunCostRow, SpendGroup } from "../../domain/costs/cost-view.ts";
import { RANGE_NAMES, type RangeName } from "../../domain/costs/days.ts";
import { geometryOf } from "../../domain/costs/money.ts";
import { amountsBefore, changeWords, daysBefore } from "../../domain/costs/spend-change.ts";
import { OTHERS, SPEND_BY, SPEND_BY_LABEL, type SpendBy } from "../../domain/costs/spend-by.ts";
import { formatNumber } from "../../domain/shared/format.ts";
import { paths } from "../../paths.ts";
import { moreOf } from "../access/pages.ts";
import { useTRPC } from "../providers/api.tsx";
import { useOrg, useViewer } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { DownloadMenu } from "../ui/download-menu.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { FilterBar } from "../ui/filters.tsx";
import { Name } from "../ui/id.tsx";
import { Section } from "../ui/page-header.tsx";
import { StatusBadge } from "../ui/status-badge.tsx";
import { CostsFrame } from "./costs-frame.tsx";
import { costsExportUrl, costsParams, runsInput, spendInput } from "./costs-params.ts";
import { Stand } from "./costs-stand.tsx";
import { Money } from "./money.tsx";
import { SpendChart, SpendGroups, SpendMap } from "./spend-parts.tsx";
import classes from "./costs.module.css";

/** Who spent what, day by day, and the dearest runs of those days. @param now Unix ms of the server that rendered the page. */
export function SpendPage({ now }: { now: number }) {
  const trpc = useTRPC();
  const org = useOrg();
  const [params, setParams] = useQueryStates(costsParams);
  const input = spendInput(params, now);
  const spend = useSuspenseQuery(trpc.costs.spend.queryOptions({ ...input, by: params.by })).data;
  const earlier = useSuspenseQuery(trpc.costs.spend.queryOptions({ ...input, ...daysBefore(input), by: params.by })).data;
  const before = amountsBefore(earlier, daysBefore(input));
  const hrefOf = useDrill(spend.by);
  const tools = <SegmentedControl size="xs" aria-label="Shown as" data={[{ value: "table", label: "Table" }, { value: "map", label: "Areas" }]} value={params.view} onChange={(view) => void setParams({ view: view as "table" | "map" })} />;
  return (
    <CostsFrame actions={<DownloadMenu urlOf={(format) => costsExportUrl(org, format, input)} />}>
      <FilterBar>
        <SegmentedControl size="xs" aria-label="Time range" data={[...RANGE_NAMES]} value={params.range} onChange={(range) => void setParams({ range: range as RangeName })} />
        <Select aria-label="Told apart by" data={SPEND_BY.map((value) => ({ value, label: `By ${SPEND_BY_LABEL[value].toLowerCase()}` }))} value={params.by} allowDeselect={false} onChange={(by) => void setParams({ by: by as SpendBy })} w={150} />
      </FilterBar>
      {spend.isUnpriced ? (
        <EmptyState title="Nothing has a price yet" action={<Button component={Link} href={paths.prices(org)}>Prices</Button>}>What every run holds is metered already. Set what an hour of an accelerator, a core or a GiB costs, and the past is rated too.</EmptyState>
      ) : (
        <>
          <p className={classes.total}><Money amount={spend.amount} currency={spend.currency} /><small>from {input.from} to {input.to}{before && <>; {changeWords(spend.amount, earlier.amount)} against as many days before</>}</small></p>
          <Stand now={now} stand={spend} provisional={<Money amount={spend.provisional} currency={spend.currency} />} />
          <SpendChart spend={spend} from={input.from} to={input.to} />
          {params.view === "map" ? <SpendMap spend={spend} hrefOf={hrefOf} tools={tools} /> : <SpendGroups spend={spend} before={before} hrefOf={hrefOf} tools={tools} />}
          <DearestRuns input={input} currency={spend.currency} />
        </>
      )}
    </CostsFrame>
  );
}

/** What a group is made of: a project's experiments, an experiment's runs, the cluster itself. */
function useDrill(by: SpendBy): (group: SpendGroup) => string | undefined {
  const org = useOrg();
  const { projects } = useViewer();
  const [{ range }] = useQueryStates(costsParams);
  return ({ key }) => {
    if (key === "" || key === OTHERS) return undefined;
    if (by === "experiment") return `${paths.runs(org)}?experiment=${key}`;
    if (by === "cluster") return paths.cluster(org, key);
    const slug = by === "project" ? projects.find(({ id }) => id === key)?.slug : undefined;
    return slug && `${paths.costs(org)}?${new URLSearchParams({ project: slug, by: "experiment", range }).toString()}`;
  };
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
