"use client";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { greatest, memoryUnit, rateUnit, scaled } from "../../../domain/clusters/chart-unit.ts";
import type { NodeView } from "../../../domain/clusters/cluster-view.ts";
import type { Series } from "../../../domain/experiments/run-view.ts";
import { formatMib, formatNumber } from "../../../domain/shared/format.ts";
import { TimeChart } from "../../charts/time-chart.tsx";
import { useTRPC } from "../../providers/api.tsx";
import { keptIfSame } from "../../providers/kept.ts";
import { ErrorBox } from "../../ui/query-error.tsx";
import classes from "../clusters.module.css";

export interface ChartsOf {
  id: string;
  node: NodeView;
  /** Unix ms. */
  window: { from: number; to: number; buckets: number };
  events: readonly { x: number; label: string }[];
  onZoom: (range: [number, number] | null) => void;
}

const KEYS = ["cpu", "memory", "disk", "networkIn", "networkOut"] as const;
const NONE: Series[] = [];

/** Cores, memory, disk and network of one node. */
export function NodeCharts({ id, node, window, events, onZoom }: ChartsOf) {
  const trpc = useTRPC();
  const asked = trpc.clusters.telemetry.queryOptions({ id, subject: "node", subjectId: node.name, keys: [...KEYS], ...window });
  const query = useQuery({ ...asked, placeholderData: keptIfSame(asked.queryKey, "id", "subjectId") });
  const series = query.data ?? NONE;
  const [cpus, memoryMib, diskMib] = [node.cpus.total, node.memoryMib.total, node.diskMib.total];
  const charts = useMemo(() => chartsOf(series, { cpus, memoryMib, diskMib }), [series, cpus, memoryMib, diskMib]);
  const domain = useMemo<[number, number]>(() => [window.from, window.to], [window]);
  if (query.error && !query.data) return <ErrorBox what="The measurements could not be loaded" error={query.error} retry={() => void query.refetch()} />;
  return (
    <div className={classes.charts}>
      {charts.map((chart) => (
        <TimeChart key={chart.title} title={chart.title} unit={chart.unit} series={chart.series} xKind="time" fromZero height={160} domain={domain} events={events} onZoom={onZoom} syncId={`cluster-${id}`} loading={!query.data} empty="Nothing was measured in this range." />
      ))}
    </div>
  );
}

function chartsOf(series: readonly Series[], node: { cpus: number; memoryMib: number; diskMib: number }) {
  const points = (key: (typeof KEYS)[number]) => series.find((one) => one.key === key)?.points ?? [];
  const memory = memoryUnit(node.memoryMib);
  const disk = memoryUnit(node.diskMib);
  const network = rateUnit(greatest([{ points: points("networkIn") }, { points: points("networkOut") }]));
  return [
    { title: "How busy are the cores?", unit: `cores of ${formatNumber(node.cpus)}`, series: [{ key: "cpu", label: "in use", points: points("cpu") }] },
    { title: "How full is the memory?", unit: `${memory.unit} of ${formatMib(node.memoryMib)}`, series: [{ key: "memory", label: "in use", points: scaled(points("memory"), memory.factor) }] },
    { title: "What goes over the network?", unit: network.unit, series: [{ key: "networkIn", label: "in", points: scaled(points("networkIn"), network.factor) }, { key: "networkOut", label: "out", points: scaled(points("networkOut"), network.factor) }] },
    { title: "How full is the disk?", unit: `${disk.unit} of ${formatMib(node.diskMib)}`, series: [{ key: "disk", label: "in use", points: scaled(points("disk"), disk.factor) }] },
  ];
}
