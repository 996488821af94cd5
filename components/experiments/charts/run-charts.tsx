"use client";
import { Button } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { keyFilter, sectionsOf } from "../../../domain/experiments/chart-model.ts";
import { formatCount } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Section } from "../../ui/page-header.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import classes from "../experiments.module.css";
import { chartsParams } from "./charts-params.ts";
import { ChartsToolbar } from "./charts-toolbar.tsx";
import { MetricChart } from "./metric-chart.tsx";
import { useMarks } from "./use-marks.ts";
import { useSeries } from "./use-series.ts";

// Below all others: the page need not wait for the machine's units, nor for how money is written.
const SystemCharts = lazy(() => import("./system-charts.tsx").then((module) => ({ default: module.SystemCharts })));
const RunCostChart = lazy(() => import("../../costs/run-cost-chart.tsx").then((module) => ({ default: module.RunCostChart })));
const BUCKETS = 400;
/** Charts on the page at first; more on demand, so that ten thousand keys do not become ten thousand requests. */
const CHARTS_SHOWN = 60;

/** All metrics of a run on one axis, and the machine under them. */
export function RunCharts({ id }: { id: string }) {
  const trpc = useTRPC();
  const run = useSuspenseQuery(trpc.experiments.get.queryOptions({ id })).data;
  const metricKeys = useSuspenseQuery(trpc.experiments.metricKeys.queryOptions({ id })).data;
  const [params, setParams] = useQueryStates(chartsParams);
  const [limit, setLimit] = useState(CHARTS_SHOWN);
  const { x } = params;
  const range = useMemo<[number, number] | null>(() => (params.from !== null && params.to !== null ? [params.from, params.to] : null), [params.from, params.to]);
  const matching = useMemo(() => metricKeys.map(({ key }) => key).filter(keyFilter(params.keys).matches), [metricKeys, params.keys]);
  const sections = useMemo(() => firstOf(sectionsOf(matching), limit), [matching, limit]);
  const shown = useMemo(() => sections.flatMap((section) => section.keys), [sections]);
  const { byKey, error, retry } = useSeries({ id, keys: shown, x, range, buckets: BUCKETS });
  const events = useMarks(run, x);
  const domain = useMemo(() => range ?? extentOf([...byKey.values()], events), [range, byKey, events]);
  const onZoom = useCallback((next: [number, number] | null) => void setParams({ from: next?.[0] ?? null, to: next?.[1] ?? null }), [setParams]);
  const weight = Math.min(99, Math.max(0, params.smooth)) / 100;
  const onTime = x !== "step";
  return (
    <>
      <ChartsToolbar shown={shown.length} total={metricKeys.length} />
      {error ? <ErrorBox what="Metrics could not be loaded" error={error} retry={retry} /> : null}
      {metricKeys.length === 0 && <NoMetrics started={run.startedAt !== null} />}
      {metricKeys.length > 0 && shown.length === 0 && <div className={classes.empty}>No metric matches this filter.</div>}
      {sections.map((section) => (
        <Section key={section.name ?? ""} title={section.name ?? "Metrics"} count={section.keys.length}>
          <div className={classes.charts}>
            {section.keys.map((key) => <MetricChart key={key} name={key} series={byKey.get(key)} x={x} weight={weight} log={params.log} events={events} domain={domain} onZoom={onZoom} syncId={`run-${x}`} />)}
          </div>
        </Section>
      ))}
      {matching.length > shown.length && <div className={classes.toolbar} style={{ marginTop: 16 }}><Button variant="default" onClick={() => setLimit(limit + CHARTS_SHOWN)}>{`Show more of ${formatCount(matching.length)} metrics`}</Button></div>}
      <Suspense fallback={null}>
        <SystemCharts run={run} x={onTime ? x : "relative"} range={onTime ? range : null} domain={onTime ? domain : undefined} onZoom={onTime ? onZoom : undefined} syncId={onTime ? `run-${x}` : "system"} note={onTime ? null : "Machines know no steps: shown since the start"} />
        <RunCostChart id={id} x={onTime ? x : "relative"} isLive={run.endedAt === null} events={onTime ? events : []} domain={onTime ? domain : undefined} onZoom={onTime ? onZoom : undefined} syncId={onTime ? `run-${x}` : "system"} />
      </Suspense>
    </>
  );
}

function firstOf(sections: { name: string | null; keys: string[] }[], limit: number): { name: string | null; keys: string[] }[] {
  let left = limit;
  return sections.flatMap((section) => {
    const keys = section.keys.slice(0, Math.max(0, left));
    left -= keys.length;
    return keys.length > 0 ? [{ ...section, keys }] : [];
  });
}

/** One range for all charts, so that what happened together stands above each other; what happened after the last point is on it too. */
function extentOf(all: readonly { points: readonly { x: number }[] }[], marks: readonly { x: number }[]): [number, number] | undefined {
  const ends = all.flatMap(({ points }) => (points.length > 0 ? [points[0]!.x, points.at(-1)!.x] : []));
  if (ends.length === 0) return undefined;
  ends.push(...marks.map(({ x }) => x));
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  return low === high ? undefined : [low, high];
}

function NoMetrics({ started }: { started: boolean }) {
  return (
    <EmptyState title="No metrics yet" command={`echo 'drover: {"loss": 0.3, "step": 10}'`}>
      {started ? "The process has written none. " : "They appear as the process writes them. "}A line on stdout that begins with <code>drover:</code> and a JSON object is a point of each number in it.
    </EmptyState>
  );
}
