"use client";
import { useSuspenseQuery } from "@tanstack/react-query";
import { type ClusterWaste, IDLE_PERCENT, type IdleRun, WASTE_LEAST_MINUTES, WASTE_WINDOW_MINUTES, type WasteView } from "../../domain/costs/waste.ts";
import { plural } from "../../domain/shared/format.ts";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useOrg } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Name } from "../ui/id.tsx";
import { Meter } from "../ui/meter.tsx";
import { Section } from "../ui/page-header.tsx";
import { Ago } from "../ui/time.tsx";
import { CostsFrame } from "./costs-frame.tsx";
import { Stand } from "./costs-stand.tsx";
import { Money } from "./money.tsx";
import { PartsSection } from "./parts-section.tsx";
import classes from "./costs.module.css";

const REFRESH_MS = 30_000;

/** Who holds accelerators and does nothing with them, right now, and what capacity's cost went to. @param now Unix ms of the server that rendered the page. */
export function WastePage({ now }: { now: number }) {
  const view = useSuspenseQuery({ ...useTRPC().costs.waste.queryOptions(), refetchInterval: REFRESH_MS }).data;
  const idle = view.clusters.reduce((sum, one) => sum + one.idleHeld, 0);
  const total = view.clusters.reduce((sum, one) => sum + one.total, 0);
  return (
    <CostsFrame>
      <p className={classes.total}>{idle} of {plural(total, "accelerator")} held and idle{view.perHour !== null && <small><Money amount={view.perHour} currency={view.currency} /> an hour</small>}</p>
      <Stand stand={view}><span>Idle: used less than {IDLE_PERCENT} % in the last {WASTE_WINDOW_MINUTES} minutes, by a run that has held it for {WASTE_LEAST_MINUTES} or more. Measured, at the prices of now: nothing of it is booked yet.</span></Stand>
      <Section title="Runs that hold them" count={view.runs.length}>
        <DataTable label="Runs that hold idle accelerators" rows={view.runs} rowKey={(row) => row.id} columns={runColumns(view)} href={useRunPath()} flat keys={false} empty={<EmptyState title={total === 0 ? "No cluster has accelerators" : "Nothing is held in vain"}>{total === 0 ? "Connect a cluster with GPUs and what is held without being used shows here." : "Every accelerator that is held and measured is in use."}</EmptyState>} />
      </Section>
      {view.clusters.length > 0 && (
        <Section title="Clusters" count={view.clusters.length}>
          <DataTable label="Accelerators of clusters" rows={view.clusters} rowKey={(row) => row.id} columns={CLUSTERS} flat keys={false} empty={<EmptyState title="No cluster has accelerators" />} />
        </Section>
      )}
      <PartsSection now={now} />
    </CostsFrame>
  );
}

function useRunPath(): (row: IdleRun) => string {
  const org = useOrg();
  return (row) => paths.run(org, row.id);
}

const percent = (use: number): string => `${use < 1 && use > 0 ? "<1" : Math.round(use)} %`;

const runColumns = ({ currency }: WasteView): Column<IdleRun>[] => [
  { key: "name", title: "Run", grow: true, link: true, render: (row) => <Name value={row.name} max={40} /> },
  { key: "owner", title: "Owner", hideBelow: "sm", render: (row) => <Name value={row.owner} max={24} /> },
  { key: "project", title: "Project", hideBelow: "md", render: (row) => <Name value={row.project} max={24} /> },
  { key: "where", title: "On", hideBelow: "lg", render: (row) => <><Name value={row.cluster} max={20} /><span className="dim"> · {row.nodes.length === 1 ? row.nodes[0] : plural(row.nodes.length, "node")}</span></> },
  { key: "since", title: "Held", align: "right", hideBelow: "md", render: (row) => <Ago at={row.heldSince} /> },
  { key: "use", title: "Used", align: "right", hideBelow: "xs", render: (row) => percent(row.use) },
  { key: "idle", title: "Idle", align: "right", render: (row) => <>{row.idle} <span className="dim">of {row.held}</span></> },
  { key: "cost", title: "An hour", align: "right", render: (row) => (row.perHour === null ? <span className="dim" title="No price fits these accelerators">—</span> : <Money amount={row.perHour} currency={currency} />) },
];

const CLUSTERS: Column<ClusterWaste>[] = [
  { key: "name", title: "Cluster", width: 190, render: (row) => <Name value={row.name} max={28} /> },
  { key: "share", title: "In use", grow: true, hideBelow: "sm", render: (row) => <Meter used={row.busy} total={row.total} label={`Accelerators of ${row.name} in use`} /> },
  { key: "busy", title: "Busy", align: "right", render: (row) => row.busy },
  { key: "idle", title: "Held and idle", align: "right", render: (row) => <span style={row.idleHeld > 0 ? { color: "var(--tone-warn)" } : undefined}>{row.idleHeld}</span> },
  { key: "unmeasured", title: "Not measured", align: "right", hideBelow: "sm", render: (row) => row.unmeasured },
  { key: "free", title: "Free", align: "right", hideBelow: "xs", render: (row) => row.free },
  { key: "total", title: "All", align: "right", render: (row) => row.total },
];
