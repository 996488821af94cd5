"use client";
import { useQueries } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { scaled } from "../../../domain/clusters/chart-unit.ts";
import { TimeChart } from "../../charts/time-chart.tsx";
import type { Series } from "../../../domain/experiments/run-view.ts";
import { useTRPC } from "../../providers/api.tsx";
import { Held } from "../../providers/kept.ts";
import { ErrorBox } from "../../ui/query-error.tsx";
import classes from "../clusters.module.css";
import type { ChartsOf } from "./node-charts.tsx";

const CHARTS = [
  { key: "gpu", title: "How busy are the accelerators?", unit: "%", factor: 1 },
  { key: "gpuMemory", title: "How full is their memory?", unit: "GiB", factor: 1 / 1024 },
  { key: "power", title: "How much power do they draw?", unit: "W", factor: 1 },
  { key: "temperature", title: "How hot are they?", unit: "°C", factor: 1 },
] as const;
/** Lines of one chart; nodes with more accelerators are rare. */
const MAX = 16;

/** Every accelerator of one node, a line each. */
export function AcceleratorCharts({ id, node, window, events, onZoom }: ChartsOf) {
  const trpc = useTRPC();
  const indexes = useMemo(() => node.accelerators.slice(0, MAX).map((one) => one.index), [node.accelerators]);
  const [held] = useState(() => new Held<Series[]>());
  const asked = indexes.map((index) => ({ place: String(index), options: trpc.clusters.telemetry.queryOptions({ id, subject: "accelerator", subjectId: `${node.name}/${index}`, keys: CHARTS.map(({ key }) => key), ...window }) }));
  const { found, error, retry, loading } = useQueries({
    queries: asked.map(({ place, options }) => ({ ...options, placeholderData: held.before(place, options.queryKey, "id", "subjectId") })),
    combine: (results) => ({
      found: results.map((result) => result.data),
      loading: results.every((result) => !result.data),
      error: results.find((result) => result.error && !result.data)?.error ?? null,
      retry: () => void Promise.all(results.map((result) => result.refetch())),
    }),
  });
  useEffect(() => {
    for (const [at, { place, options }] of asked.entries()) if (found[at]) held.hold(place, options.queryKey, found[at]);
  });
  const domain = useMemo<[number, number]>(() => [window.from, window.to], [window]);
  const charts = useMemo(() => CHARTS.map((chart) => ({ ...chart, series: indexes.map((index, at) => ({ key: String(index), label: `GPU ${index}`, points: scaled(found[at]?.find((one) => one.key === chart.key)?.points ?? [], chart.factor) })) })), [indexes, found]);
  if (error) return <ErrorBox what="The measurements could not be loaded" error={error} retry={retry} />;
  return (
    <div className={classes.charts}>
      {charts.map((chart) => (
        <TimeChart key={chart.key} title={chart.title} unit={chart.unit} series={chart.series} xKind="time" fromZero {...(chart.key === "gpu" ? { yDomain: [0, 100] as [number, number] } : {})} height={160} domain={domain} events={events} onZoom={onZoom} syncId={`cluster-${id}`} loading={loading} empty="Nothing was measured in this range." />
      ))}
    </div>
  );
}
