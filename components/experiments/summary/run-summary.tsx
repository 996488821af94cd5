"use client";
import { useSuspenseQuery } from "@tanstack/react-query";
import { rankOfKey } from "../../../domain/clusters/rank-key.ts";
import { interestingFirst } from "../../../domain/experiments/chart-model.ts";
import type { RunDetail } from "../../../domain/experiments/run-view.ts";
import { paths } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { Section } from "../../ui/page-header.tsx";
import { Num } from "../../ui/sizes.tsx";
import { MetricChart } from "../charts/metric-chart.tsx";
import { useSeries } from "../charts/use-series.ts";
import classes from "../experiments.module.css";
import { shellLine } from "../new-run/command-text.ts";
import { LogTail } from "../run/log-tail.tsx";
import { Pairs } from "../run/pairs.tsx";
import { RunWhy } from "../run/run-why.tsx";
import { AttemptsTable } from "./attempts-table.tsx";
import { RunInputs } from "./run-inputs.tsx";
import { RunSlowRanks } from "./run-slow-ranks.tsx";

const MINIS = 4;

/** How it goes, or why it ended: without scrolling. */
export function RunSummary({ id }: { id: string }) {
  const trpc = useTRPC();
  const run = useSuspenseQuery(trpc.experiments.get.queryOptions({ id })).data;
  const all = useSuspenseQuery(trpc.experiments.metricKeys.queryOptions({ id })).data;
  const metrics = all.filter(({ key }) => rankOfKey(key) === null); // of ranks there may be hundreds: they have their own box and charts
  return (
    <>
      <RunWhy run={run} />
      {metrics.length < all.length && <RunSlowRanks run={run} />}
      <div className={classes.columns}>
        <div style={{ minWidth: 0 }}>
          {metrics.length > 0 && <Minis run={run} keys={metrics.map(({ key }) => key)} />}
          {run.origin === "client" ? <Elsewhere /> : <LogTail run={run} lines={metrics.length > 0 ? 12 : 24} />}
          <AttemptsTable run={run} />
        </div>
        <div style={{ minWidth: 0 }}>
          {metrics.length > 0 && (
            <Section title="Last values" count={metrics.length}>
              <Pairs label="Last values" items={lastValues(metrics)} />
              {metrics.length > 12 && <div className={classes.empty}>12 of {metrics.length}</div>}
            </Section>
          )}
          <Params params={run.params} />
          <RunInputs run={run} />
          {Object.keys(run.tags).length > 0 && <Section title="Tags"><Pairs label="Tags" items={Object.entries(run.tags)} /></Section>}
          {run.spec && <Command command={run.spec.command} />}
        </div>
      </div>
    </>
  );
}

function lastValues(metrics: { key: string; last: number }[]) {
  const byKey = new Map(metrics.map(({ key, last }) => [key, last]));
  return interestingFirst([...byKey.keys()]).slice(0, 12).map((key) => [key, <Num key={key} value={byKey.get(key)!} />] as const);
}

function Minis({ run, keys }: { run: RunDetail; keys: string[] }) {
  const org = useOrg();
  const first = interestingFirst(keys).slice(0, MINIS);
  const { byKey } = useSeries({ id: run.id, keys: first, x: "step", range: null, buckets: 160 });
  return (
    <Section title="Metrics" count={keys.length > MINIS ? `${MINIS} of ${keys.length}` : keys.length} href={paths.runTab(org, run.id, "charts")} more="All charts">
      <div className={classes.minis}>
        {first.map((key) => <MetricChart key={key} name={key} series={byKey.get(key)} x="step" weight={0} log={false} height={110} />)}
      </div>
    </Section>
  );
}

function Params({ params }: { params: Record<string, string> }) {
  const items = Object.entries(params);
  return (
    <Section title="Parameters" count={items.length}>
      {items.length > 0 ? <Pairs label="Parameters" items={items.map(([name, value]) => [name, <span key={name} className="mono">{value}</span>] as const)} /> : <div className={classes.empty}>None given.</div>}
    </Section>
  );
}

function Elsewhere() {
  return (
    <Section title="Attempts">
      <div className={classes.empty}>None: a client runs it elsewhere and logs here. It ends when the client says so.</div>
    </Section>
  );
}

function Command({ command }: { command: string | string[] }) {
  return (
    <Section title="Command">
      <pre className={classes.lines} style={{ background: "var(--surface)", marginTop: 8 }} tabIndex={0} aria-label="Command">{typeof command === "string" ? command : shellLine(command)}</pre>
    </Section>
  );
}
