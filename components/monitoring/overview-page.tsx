"use client";
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ClusterRow } from "../../domain/clusters/cluster-view.ts";
import type { Overview } from "../../domain/experiments/run-view.ts";
import { judge } from "../../domain/monitoring/verdict.ts";
import { formatCount, formatMib, formatNumber, plural } from "../../domain/shared/format.ts";
import { paths } from "../../paths.ts";
import { FindingsNotice } from "../clusters/findings.tsx";
import { BudgetNotice } from "../costs/budget-notice.tsx";
import { scopeOf } from "../experiments/runs-params.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { useProjectScope } from "../shell/scope-select.tsx";
import { DataTable } from "../table/data-table.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { PageHeader, Section } from "../ui/page-header.tsx";
import { Activity } from "./activity.tsx";
import { ClusterUse } from "./cluster-use.tsx";
import { GettingStarted } from "./getting-started.tsx";
import { FailedLines, RUNNING_COLUMNS, WaitingLines } from "./run-lines.tsx";
import { VerdictLine } from "./verdict-line.tsx";
import classes from "./overview.module.css";

const ACTIVITY = 12;

/** Is anything wrong? What runs, what waits and why, what failed, what is in use, what happened. */
export function OverviewPage() {
  const mayRead = useCan("runs:read").ok;
  return mayRead ? <WithRuns /> : <ClustersOnly />;
}

function WithRuns() {
  const trpc = useTRPC();
  const project = useProjectScope();
  const { data: overview } = useSuspenseQuery(trpc.experiments.overview.queryOptions(scopeOf(project)));
  const { clusters } = overview;
  const total = Object.values(overview.counts).reduce((sum, count) => sum + count, 0);
  const isNew = project === null && total === 0;
  return (
    <>
      <Header />
      {!isNew && <Verdict overview={overview} />}
      <div className={classes.notices}>
        <FindingsNotice />
        <BudgetNotice />
      </div>
      <div className={classes.columns}>
        {isNew ? <GettingStarted clusterConnected={clusters.some((one) => one.reachability.state !== "never")} runSubmitted={false} /> : <Runs overview={overview} />}
        <div>
          {clusters.length > 0 && <Clusters clusters={clusters} />}
          <Section title="Activity">{overview.activity.length > 0 ? <Activity entries={overview.activity.slice(0, ACTIVITY)} /> : <div className={classes.none}>Nothing happened yet.</div>}</Section>
        </div>
      </div>
    </>
  );
}

function ClustersOnly() {
  const trpc = useTRPC();
  const clusters = useSuspenseQuery(trpc.clusters.list.queryOptions()).data;
  return (
    <>
      <PageHeader title="Overview" subtitle="Your role shows clusters, not runs." />
      <VerdictLine verdict={judge(null, clusters)} summary={plural(clusters.length, "cluster")} />
      <Clusters clusters={clusters} />
    </>
  );
}

function Header() {
  const org = useOrg();
  const maySubmit = useCan("runs:submit");
  return (
    <PageHeader
      title="Overview"
      actions={<Guarded allowed={maySubmit}><Button component={Link} href={paths.newRun(org)} leftSection={<IconPlus size={14} />}>New run</Button></Guarded>}
    />
  );
}

function Verdict({ overview }: { overview: Overview }) {
  const org = useOrg();
  const { counts, clusters } = overview;
  const active = counts.starting + counts.running + counts.cancelling + counts.unreachable;
  const reachable = clusters.filter((one) => one.reachability.state === "reachable").length;
  const usable = clusters.filter((one) => one.reachability.state === "reachable" || one.reachability.state === "unreachable"); // nothing can be had from the others
  const sum = (of: (one: ClusterRow) => number) => usable.reduce((total, one) => total + of(one), 0);
  const gpus = sum((one) => one.accelerators.total);
  const runs = (query: string) => `${paths.runs(org)}?status=${query}`;
  return (
    <>
      <VerdictLine verdict={judge(overview, clusters)} summary={`${plural(active, "run")} active, ${counts.queued} waiting, ${reachable} of ${plural(clusters.length, "cluster")} reachable.`} />
      <div className={classes.figures}>
        <Figure label="Active" value={formatCount(active)} href={runs("starting,running,cancelling,unreachable")} />
        <Figure label="Waiting" value={formatCount(counts.queued)} href={runs("queued")} />
        <Figure label="Failed, 24 h" value={formatCount(overview.failedCount)} href={runs("failed")} />
        <Figure label="Ended, 24 h" value={formatCount(overview.finishedToday)} href={runs("succeeded,failed,cancelled")} />
        {gpus > 0 && <Figure label="GPUs in use" value={formatNumber(sum((one) => one.accelerators.used))} of={`of ${formatCount(gpus)}`} href={paths.clusters(org)} />}
        <Figure label="Cores in use" value={formatNumber(sum((one) => one.cpus.used))} of={`of ${formatNumber(sum((one) => one.cpus.total))}`} href={paths.clusters(org)} />
        <Figure label="Memory in use" value={formatMib(sum((one) => one.memoryMib.used))} of={`of ${formatMib(sum((one) => one.memoryMib.total))}`} href={paths.clusters(org)} />
      </div>
    </>
  );
}

function Figure({ label, value, of, href }: { label: string; value: string; of?: string; href: string }) {
  return (
    <Link href={href} className={classes.figure}>
      <div className={classes.figureLabel}>{label}</div>
      <div className={classes.figureValue}>{value} {of && <span className={classes.figureOf}>{of}</span>}</div>
    </Link>
  );
}

function Runs({ overview }: { overview: Overview }) {
  const org = useOrg();
  const { counts, running, waiting, failedToday } = overview;
  const active = counts.starting + counts.running + counts.cancelling + counts.unreachable;
  return (
    <div>
      <Section title="Active now" count={countOf(running.length, active)} href={`${paths.runs(org)}?status=starting,running,cancelling,unreachable`}>
        {running.length === 0 ? <div className={classes.none}>Nothing runs.</div> : <DataTable label="Active runs" rows={running} rowKey={(run) => run.id} columns={RUNNING_COLUMNS} href={(run) => paths.run(org, run.id)} empty={null} flat />}
      </Section>
      <Section title="Waiting, and why" count={countOf(waiting.length, counts.queued)} href={`${paths.runs(org)}?status=queued`}>
        {waiting.length === 0 ? <div className={classes.none}>Nothing waits.</div> : <WaitingLines runs={waiting} />}
      </Section>
      <Section title="Failed in the last 24 h" count={countOf(failedToday.length, overview.failedCount)} href={`${paths.runs(org)}?status=failed`}>
        {failedToday.length === 0 ? <div className={classes.none}>Nothing failed.</div> : <FailedLines runs={failedToday} />}
      </Section>
    </div>
  );
}

const countOf = (shown: number, total: number): string => (shown < total ? `${shown} of ${total}` : String(total));

function Clusters({ clusters }: { clusters: ClusterRow[] }) {
  const org = useOrg();
  return (
    <Section title="Clusters" count={clusters.length} href={paths.clusters(org)}>
      <ClusterUse clusters={clusters} />
    </Section>
  );
}
