"use client";
import { Button, Skeleton } from "@mantine/core";
import { IconServer2 } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ClusterRow } from "../../domain/clusters/cluster-view.ts";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { TableSkeleton } from "../table/table-skeleton.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { Name } from "../ui/id.tsx";
import { PageHeader } from "../ui/page-header.tsx";
import { Mib } from "../ui/sizes.tsx";
import { StatusBadge } from "../ui/status-badge.tsx";
import { Duration } from "../ui/time.tsx";
import classes from "./clusters.module.css";
import { Usage } from "./usage.tsx";

const COLUMNS: Column<ClusterRow>[] = [
  { key: "name", title: "Name", grow: true, link: true, render: (row) => <Name value={row.name} /> },
  { key: "reach", title: "Reachability", render: (row) => <Reach row={row} /> },
  { key: "accelerators", title: "Accelerators", unit: "held", align: "right", render: (row) => <Usage label={`${row.name}: accelerators held`} used={row.accelerators.used} total={row.accelerators.total} /> },
  { key: "cpus", title: "Cores", unit: "held", align: "right", hideBelow: "sm", render: (row) => <Usage label={`${row.name}: cores held`} used={row.cpus.used} total={row.cpus.total} /> },
  { key: "memory", title: "Memory", unit: "held", align: "right", hideBelow: "md", render: (row) => (row.memoryMib.total === 0 ? <span className="dim">—</span> : <span className="num"><Mib value={row.memoryMib.used} /> of <Mib value={row.memoryMib.total} /></span>) },
  { key: "load", title: "CPU load", align: "right", hideBelow: "md", render: (row) => (row.load === null ? <span className="dim">—</span> : `${Math.round(row.load * 100)} %`) },
  { key: "live", title: "Live runs", align: "right", hideBelow: "xs", render: (row) => row.liveAttempts },
  { key: "driver", title: "Driver", hideBelow: "lg", render: (row) => row.driver ?? <span className="dim">—</span> },
  { key: "region", title: "Region", hideBelow: "lg", render: (row) => <Name value={row.region} max={20} /> },
  { key: "agent", title: "Agent", align: "right", hideBelow: "lg", render: (row) => row.agentVersion ?? <span className="dim">—</span> },
];

/** Whether it can be reached, since when, and whether it takes work. */
function Reach({ row }: { row: ClusterRow }) {
  const { state, since } = row.reachability;
  return (
    <span className={classes.reach}>
      <StatusBadge status={state} />
      {since && <span className={`dim ${classes.since}`}><span>for <Duration from={since} /></span></span>}
      {row.drainedAt && <StatusBadge status="drained" />}
    </span>
  );
}

export function ConnectButton() {
  const org = useOrg();
  return <Guarded allowed={useCan("clusters:manage")}><Button component={Link} href={paths.connectCluster(org)}>Connect a cluster</Button></Guarded>;
}

/** Every cluster of the organization: where capacity is, and whether it can be reached. */
export function ClustersPage() {
  const trpc = useTRPC();
  const org = useOrg();
  const rows = useSuspenseQuery(trpc.clusters.list.queryOptions()).data;
  const empty = <EmptyState title="No cluster is connected" icon={<IconServer2 size={28} stroke={1.5} />} action={<ConnectButton />}>A cluster is a pool of machines behind one agent, which dials out: no port is opened. Name it, paste one command on its machine, and it appears here.</EmptyState>;
  return (
    <>
      <PageHeader title="Clusters" count={rows.length} actions={<ConnectButton />} breadcrumbs={[]} />
      <DataTable label="Clusters" noun="cluster" rows={rows} rowKey={(row) => row.id} columns={COLUMNS} href={(row) => paths.cluster(org, row.id)} total={rows.length} empty={empty} />
    </>
  );
}

export function ClustersSkeleton() {
  return (
    <>
      <PageHeader title="Clusters" actions={<Skeleton width={136} height={32} />} />
      <TableSkeleton columns={COLUMNS} rows={6} />
    </>
  );
}
