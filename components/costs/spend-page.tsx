"use client";
import { Button, SegmentedControl, Select } from "@mantine/core";
import { useSuspenseInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import type { RunCostRow, SpendGroup } from "../../domain/costs/cost-view.ts";
import { RANGE_NAMES, type RangeName, spanName } from "../../domain/costs/days.ts";
import { geometryOf } from "../../domain/costs/money.ts";
import { amountsBefore, changeWords, daysBefore } from "../../domain/costs/spend-change.ts";
import { BY_RUN, OTHERS, SPEND_BY, SPEND_BY_LABEL, type SpendBy } from "../../domain/costs/spend-by.ts";
import { formatHours } from "../../domain/shared/format.ts";
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
  const org = useOrg();
  const [params, setParams] = useQueryStates(costsParams);
  const input = spendInput(params, now);
  return (
    <CostsFrame actions={<DownloadMenu urlOf={(format) => costsExportUrl(org, format, input)} />}>
      <FilterBar>
        <SegmentedControl size="xs" aria-label="Time range" data={[...RANGE_NAMES]} value={params.range} onChange={(range) => void setParams({ range: range as RangeName })} />
        <Select aria-label="Told apart by" data={SPEND_BY.map((value) => ({ value, label: `By ${SPEND_BY_LABEL[value].toLowerCase()}` }))} value={params.by} allowDeselect={false} onChange={(by) => void setParams({ by: by as SpendBy, tag: null })} w={150} />
        {params.by === "tag" && <TagSelect input={input} />}
      </FilterBar>
      {params.by === "tag" ? <SpendByTag now={now} input={input} /> : <Spend now={now} ask={{ ...input, by: params.by }} />}
    </CostsFrame>
  );
}

type Input = ReturnType<typeof spendInput>;

/** The tag that runs are told apart by: the one in the URL, else the one that most runs have. */
function useTag(input: Input): { tag: string | undefined; all: string[] } {
  const [{ tag }] = useQueryStates(costsParams);
  const all = useSuspenseQuery(useTRPC().costs.tags.queryOptions(input)).data;
  return { tag: tag ?? all[0], all };
}

function TagSelect({ input }: { input: Input }) {
  const { tag, all } = useTag(input);
  const [, setParams] = useQueryStates(costsParams);
  return tag === undefined ? null : <Select aria-label="Tag" data={[...new Set([tag, ...all])]} value={tag} allowDeselect={false} searchable onChange={(next) => void setParams({ tag: next })} w={200} />;
}

function SpendByTag({ now, input }: { now: number; input: Input }) {
  const { tag } = useTag(input);
  if (tag === undefined) return <EmptyState title="No run of these days has a tag">Tags are set in a run&rsquo;s spec, on the page of runs, or by an MLflow client; their keys can then be chosen here.</EmptyState>;
  return <Spend now={now} ask={{ ...input, by: "tag", tag }} />;
}

function Spend({ now, ask }: { now: number; ask: Input & { by: SpendBy; tag?: string } }) {
  const trpc = useTRPC();
  const org = useOrg();
  const [params, setParams] = useQueryStates(costsParams);
  const spend = useSuspenseQuery(trpc.costs.spend.queryOptions(ask)).data;
  const earlier = useSuspenseQuery(trpc.costs.spend.queryOptions({ ...ask, ...daysBefore(ask) })).data;
  const before = amountsBefore(earlier, daysBefore(ask));
  const hrefOf = useDrill(spend.by);
  const tools = <SegmentedControl size="xs" aria-label="Shown as" data={[{ value: "table", label: "Table" }, { value: "map", label: "Areas" }]} value={params.view} onChange={(view) => void setParams({ view: view as "table" | "map" })} />;
  if (spend.isUnpriced) return <EmptyState title="Nothing has a price yet" action={<Button component={Link} href={paths.prices(org)}>Prices</Button>}>What every run holds is metered already. Set what an hour of an accelerator, a core or a GiB costs, and the past is rated too.</EmptyState>;
  const { from, to } = ask;
  return (
    <>
      <p className={classes.total}><Money amount={spend.amount} currency={spend.currency} /><small>{BY_RUN.has(spend.by) && "of runs, "}from {spanName(from, to)}{before && <>; {changeWords(spend.amount, earlier.amount)} against as many days before</>}</small></p>
      <Stand now={now} stand={spend} provisional={<Money amount={spend.provisional} currency={spend.currency} />} />
      <SpendChart spend={spend} from={from} to={to} />
      {params.view === "map" ? <SpendMap spend={spend} hrefOf={hrefOf} tools={tools} /> : <SpendGroups spend={spend} before={before} hrefOf={hrefOf} tools={tools} />}
      <DearestRuns input={{ from, to, ...(ask.project ? { project: ask.project } : {}) }} currency={spend.currency} />
    </>
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
    { key: "hours", title: "Accelerator hours", align: "right", hideBelow: "sm", render: (row) => formatHours(geometryOf(row.acceleratorHours)) },
    { key: "amount", title: "Cost", align: "right", render: (row) => <Money amount={row.amount} currency={currency} /> },
  ];
  return (
    <Section title="Dearest runs">
      <DataTable label="Dearest runs" noun="run" rows={rows} rowKey={(row) => row.id} columns={columns} href={(row) => paths.run(org, row.id)} more={moreOf(query)} keys={false} empty={<EmptyState title="No run held anything in these days">A run shows here when an hour of it is over.</EmptyState>} />
    </Section>
  );
}
