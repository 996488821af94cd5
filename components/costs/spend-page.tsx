"use client";
import { Button, Group, Menu, SegmentedControl, Select } from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { useQuery, useSuspenseInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { lazy, Suspense } from "react";
import type { RunCostRow, SpendGroup } from "../../domain/costs/cost-view.ts";
import { spanName } from "../../domain/costs/days.ts";
import { geometryOf } from "../../domain/costs/money.ts";
import { AGAINST, AGAINST_LABEL, type Against, amountsBefore, changeWords, daysAgainst } from "../../domain/costs/spend-change.ts";
import { haveRuns, isOfRuns, isTooLong, MOST_LEDGER_DAYS, narrowedBy, nextBy, type SpendWhere, whereOf } from "../../domain/costs/spend-filter.ts";
import { isFacet, SPEND_BY, SPEND_BY_LABEL, type SpendBy } from "../../domain/costs/spend-by.ts";
import { formatHours } from "../../domain/shared/format.ts";
import { paths } from "../../paths.ts";
import { moreOf } from "../access/pages.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg, useViewer } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { DownloadItem, DownloadMenu } from "../ui/download-menu.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { FilterBar } from "../ui/filters.tsx";
import { Name } from "../ui/id.tsx";
import { Section } from "../ui/page-header.tsx";
import { StatusBadge } from "../ui/status-badge.tsx";
import { CostsFrame } from "./costs-frame.tsx";
import { costsExportUrl, costsParams, daysInput, narrowedUrl, runsInput, spendInput, whereIn } from "./costs-params.ts";
import { Stand } from "./costs-stand.tsx";
import { Money } from "./money.tsx";
import { Narrowed } from "./narrowed.tsx";
import { RangePicker } from "./range-picker.tsx";
import { SpendChart, SpendGroups, SpendMap } from "./spend-parts.tsx";
import classes from "./costs.module.css";

/** After the page itself: only some may publish. */
const PublishView = lazy(() => import("./publish-view.tsx").then((module) => ({ default: module.PublishView })));

/** Who spent what, day by day, and the dearest runs of those days. @param now Unix ms of the server that rendered the page. */
export function SpendPage({ now }: { now: number }) {
  const org = useOrg();
  const [params, setParams] = useQueryStates(costsParams);
  const input = spendInput(params, now);
  const against = daysAgainst(input, params.against);
  const narrowed = new Set(narrowedBy(whereIn(params)));
  const compared = <><Menu.Label>With {spanName(against.from, against.to)}</Menu.Label>{(["csv", "parquet"] as const).map((format) => <DownloadItem key={format} href={costsExportUrl(org, format, input, against)}>{format === "csv" ? "Both as CSV" : "Both as Parquet"}</DownloadItem>)}</>;
  const facets = useQuery(useTRPC().costs.facets.queryOptions()).data ?? [];
  const choices = SPEND_BY.filter((value) => value === params.by || value === "tag" || (!narrowed.has(value) && (!isFacet(value) || facets.includes(value))));
  return (
    <CostsFrame actions={<DownloadMenu urlOf={(format) => costsExportUrl(org, format, input)}>{compared}</DownloadMenu>}>
      <FilterBar>
        <RangePicker params={params} days={input} onChange={(next) => void setParams(next)} />
        <Select aria-label="Compared with" data={AGAINST.map((value) => ({ value, label: AGAINST_LABEL[value] }))} value={params.against} allowDeselect={false} onChange={(next) => void setParams({ against: next as Against })} w={210} />
        <Select aria-label="Told apart by" data={choices.map((value) => ({ value, label: `By ${SPEND_BY_LABEL[value].toLowerCase()}` }))} value={params.by} allowDeselect={false} onChange={(by) => void setParams({ by: by as SpendBy, tag: null })} w={150} />
        {params.by === "tag" && <TagSelect now={now} />}
      </FilterBar>
      {params.by === "tag" ? <SpendByTag now={now} input={input} /> : <Spend now={now} ask={{ ...input, by: params.by }} />}
    </CostsFrame>
  );
}

type Input = ReturnType<typeof spendInput>;

/** The tag that runs are told apart by: the one in the URL, else the one that most runs have. */
function useTag(now: number): { tag: string | undefined; all: string[] } {
  const [params] = useQueryStates(costsParams);
  const all = useSuspenseQuery(useTRPC().costs.tags.queryOptions(daysInput(params, now))).data;
  return { tag: params.tag ?? all[0], all };
}

function TagSelect({ now }: { now: number }) {
  const { tag, all } = useTag(now);
  const [, setParams] = useQueryStates(costsParams);
  return tag === undefined ? null : <Select aria-label="Tag" data={[...new Set([tag, ...all])]} value={tag} allowDeselect={false} searchable onChange={(next) => void setParams({ tag: next })} w={200} />;
}

function SpendByTag({ now, input }: { now: number; input: Input }) {
  const { tag } = useTag(now);
  if (tag === undefined) return <EmptyState title="No run of these days has a tag">Tags are set in a run&rsquo;s spec, on the page of runs, or by an MLflow client; their keys can then be chosen here.</EmptyState>;
  return <Spend now={now} ask={{ ...input, by: "tag", tag }} />;
}

type Ask = Input & { by: SpendBy; tag?: string };

function Spend({ now, ask }: { now: number; ask: Ask }) {
  const { where, hrefOf } = useNarrowing(ask);
  if (!isTooLong(ask.by, where, ask)) return <SpendFigures now={now} ask={ask} />;
  const labels = narrowedBy(where).map((by) => ({ by, label: by === "tag" ? where.tag!.key : where[by]! }));
  return <><Narrowed where={where} labels={labels} hrefOf={hrefOf} /><EmptyState title={`At most ${MOST_LEDGER_DAYS} days of this`}>How runs ended, or their tags, together with clusters, resources or classes, and sweeps, endpoints, releases or pipelines together with anything, is read from the ledger itself. Choose fewer days.</EmptyState></>;
}

function SpendFigures({ now, ask }: { now: number; ask: Ask }) {
  const trpc = useTRPC();
  const org = useOrg();
  const [params, setParams] = useQueryStates(costsParams);
  const against = daysAgainst(ask, params.against);
  const spend = useSuspenseQuery(trpc.costs.spend.queryOptions(ask)).data;
  const earlier = useSuspenseQuery(trpc.costs.spend.queryOptions({ ...ask, ...against })).data;
  const before = amountsBefore(earlier, against);
  const { where, hrefOf, groupHref } = useNarrowing(ask);
  const shownAs = <SegmentedControl size="xs" aria-label="Shown as" data={[{ value: "table", label: "Table" }, { value: "map", label: "Areas" }]} value={params.view} onChange={(view) => void setParams({ view: view as "table" | "map" })} />;
  const mayPublish = useCan("embeds:manage").ok;
  const isMounted = useMounted();
  const tools = <Group gap="xs" wrap="nowrap">{mayPublish && isMounted && <Suspense fallback={null}><PublishView spend={spend} where={where} days={params} /></Suspense>}{shownAs}</Group>;
  if (spend.isUnpriced) return <EmptyState title="Nothing has a price yet" action={<Button component={Link} href={paths.prices(org)}>Prices</Button>}>What every run holds is metered already. Set what an hour of an accelerator, a core or a GiB costs, and the past is rated too.</EmptyState>;
  const { from, to, by: _by, tag: _tag, ...narrowed } = ask;
  return (
    <>
      <Narrowed where={where} labels={spend.narrowed} hrefOf={hrefOf} />
      <p className={classes.total}><Money amount={spend.amount} currency={spend.currency} /><small>{ofWhat(spend.by, where)}from {spanName(from, to)}{before && <>; {changeWords(spend.amount, earlier.amount)} against {spanName(against.from, against.to)}</>}</small></p>
      <Stand now={now} stand={spend} of={spend} />
      <SpendChart spend={spend} from={from} to={to} />
      {params.view === "map" ? <SpendMap spend={spend} hrefOf={groupHref} tools={tools} /> : <SpendGroups spend={spend} before={before} hrefOf={groupHref} tools={tools} />}
      {haveRuns(where) && <DearestRuns input={{ from, to, ...narrowed }} currency={spend.currency} />}
    </>
  );
}

/** What the figure is of, where that is not everything. */
const ofWhat = (by: SpendBy, where: SpendWhere): string => (isOfRuns(by, where) ? "of runs, " : isFacet(by) ? `of what has ${by === "endpoint" ? "an" : "a"} ${by}, ` : "");

/** The view that a filter leads to: told apart by what it leaves open; and the one that a group stands for. */
function useNarrowing(ask: Ask): { where: SpendWhere; hrefOf: (where: SpendWhere, by?: SpendBy) => string; groupHref: (group: SpendGroup) => string | undefined } {
  const org = useOrg();
  const { projects } = useViewer();
  const [params] = useQueryStates(costsParams);
  const { range, from, to, against, view } = params;
  const where = whereIn(params);
  const hrefOf = (next: SpendWhere, by: SpendBy = params.by) => narrowedUrl(org, { range, from, to, against, view }, next, by);
  const groupHref = ({ key }: SpendGroup) => {
    const more = whereOf(ask.by, key, ask.tag, (id) => projects.find((one) => one.id === id)?.slug);
    if (!more || Object.keys(more).every((by) => where[by as SpendBy] !== undefined)) return undefined;
    const narrower = { ...where, ...more };
    return hrefOf(narrower, nextBy(narrower) ?? ask.by);
  };
  return { where, hrefOf, groupHref };
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
