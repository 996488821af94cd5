"use client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { NodeView } from "../../../domain/clusters/cluster-view.ts";
import type { Series } from "../../../domain/experiments/run-view.ts";
import { formatBytes, formatMib, formatNumber } from "../../../domain/shared/format.ts";
import { TimeChart } from "../../charts/time-chart.tsx";
import { useTRPC } from "../../providers/api.tsx";
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
  const query = useQuery({ ...trpc.clusters.telemetry.queryOptions({ id, subject: "node", subjectId: node.name, keys: [...KEYS], ...window }), placeholderData: keepPreviousData });
  const series = query.data ?? NONE;
  const charts = useMemo(() => {
    const of = (key: (typeof KEYS)[number], label: string) => ({ key, label, points: series.find((one) => one.key === key)?.points ?? [] });
    return [
      { title: "How busy are the cores?", unit: `cores of ${formatNumber(node.cpus.total)}`, series: [of("cpu", "in use")], format: formatNumber },
      { title: "How full is the memory?", unit: `of ${formatMib(node.memoryMib.total)}`, series: [of("memory", "in use")], format: formatMib },
      { title: "What goes over the network?", unit: "per second", series: [of("networkIn", "in"), of("networkOut", "out")], format: formatBytes },
      { title: "How full is the disk?", unit: `of ${formatMib(node.diskMib.total)}`, series: [of("disk", "in use")], format: formatMib },
    ];
  }, [series, node.cpus.total, node.memoryMib.total, node.diskMib.total]);
  const domain = useMemo<[number, number]>(() => [window.from, window.to], [window]);
  if (query.error && !query.data) return <ErrorBox what="The measurements could not be loaded" error={query.error} retry={() => void query.refetch()} />;
  return (
    <div className={classes.charts}>
      {charts.map((chart) => (
        <TimeChart key={chart.title} title={chart.title} unit={chart.unit} series={chart.series} xKind="time" fromZero height={160} domain={domain} events={events} onZoom={onZoom} syncId={`cluster-${id}`} loading={!query.data} formatValue={chart.format} empty="Nothing was measured in this range." />
      ))}
    </div>
  );
}
