"use client";
import { Button, SegmentedControl } from "@mantine/core";
import { IconZoomReset } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { useMemo } from "react";
import { RANGE_NAMES, telemetryWindow } from "../../domain/clusters/telemetry-range.ts";
import { LateSelect } from "../form/late-select.tsx";
import { useTRPC } from "../providers/api.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { useNow } from "../ui/now.ts";
import { Section } from "../ui/page-header.tsx";
import classes from "./clusters.module.css";
import { AcceleratorCharts } from "./telemetry/accelerator-charts.tsx";
import { chartEvents } from "./telemetry/chart-events.ts";
import { NodeCharts } from "./telemetry/node-charts.tsx";
import { telemetryParams } from "./telemetry/telemetry-params.ts";
import { useCluster } from "./use-cluster.ts";

/** One node over time: the machine, then its accelerators, all on one range. */
export function ClusterTelemetry({ id }: { id: string }) {
  const cluster = useCluster(id);
  const trpc = useTRPC();
  const [params, setParams] = useQueryStates(telemetryParams);
  const node = cluster.nodeList.find((one) => one.name === params.node) ?? cluster.nodeList[0];
  const zoom = useMemo<[number, number] | null>(() => (params.from !== null && params.to !== null ? [params.from, params.to] : null), [params.from, params.to]);
  const now = useNow();
  const { from, to, buckets } = telemetryWindow(params.range, zoom, now);
  const window = useMemo(() => ({ from, to, buckets }), [from, to, buckets]);
  const events = useInfiniteQuery(trpc.clusters.events.infiniteQueryOptions({ id, limit: 50 }, { getNextPageParam: (page) => page.nextCursor })).data;
  const marks = useMemo(() => chartEvents(events?.pages.flatMap((page) => page.items) ?? [], node?.name ?? "", from, to), [events, node?.name, from, to]);
  if (!node) return <EmptyState title="Nothing is measured yet">Once an agent has connected, this page shows what its nodes and accelerators use over time.</EmptyState>;
  const onZoom = (next: [number, number] | null) => void setParams({ from: next?.[0] ?? null, to: next?.[1] ?? null });
  const shared = { id, node, window, events: marks, onZoom };
  return (
    <>
      <div className={classes.toolbar} role="group" aria-label="Charts">
        <LateSelect aria-label="Node" w={240} searchable allowDeselect={false} data={cluster.nodeList.map((one) => one.name)} value={node.name} onChange={(name) => void setParams({ node: name })} />
        <SegmentedControl size="xs" aria-label="Time range" data={[...RANGE_NAMES]} value={zoom ? "" : params.range} onChange={(range) => void setParams({ range: range as typeof params.range, from: null, to: null })} />
        {zoom && <Button variant="default" leftSection={<IconZoomReset size={14} />} onClick={() => onZoom(null)}>Back to the last {params.range}</Button>}
      </div>
      <Section title={`Machine ${node.name}`} id="machine"><NodeCharts {...shared} /></Section>
      {node.accelerators.length > 0 && <Section title="Accelerators" count={node.accelerators.length}><AcceleratorCharts {...shared} /></Section>}
    </>
  );
}
