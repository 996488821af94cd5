"use client";
import { Button, Skeleton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import Link from "next/link";
import type { ClusterDetail } from "../../domain/clusters/cluster-view.ts";
import { type ClusterWhy, clusterWhys } from "../../domain/clusters/why.ts";
import { formatCount, formatMib, formatShare } from "../../domain/shared/format.ts";
import { CLUSTER_TABS, paths } from "../../paths.ts";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { Id } from "../ui/id.tsx";
import { type Fact, KeyFacts } from "../ui/key-facts.tsx";
import { PageHeader } from "../ui/page-header.tsx";
import { StatusBadge } from "../ui/status-badge.tsx";
import { TabLinks } from "../ui/tab-links.tsx";
import { Ago, Duration } from "../ui/time.tsx";
import { WhyBox } from "../ui/why-box.tsx";
import classes from "./clusters.module.css";
import { EnrolDialog } from "./agent/enrol-dialog.tsx";
import { NewCodeButton } from "./agent/new-code.tsx";
import { RevokeButton } from "./agent/revoke-button.tsx";
import { DrainButton } from "./drain-button.tsx";
import { whenWanted } from "../ui/when-wanted.tsx";
import { UsageFact } from "./usage.tsx";
import { useCluster } from "./use-cluster.ts";

const EditCluster = whenWanted((props: { cluster: ClusterDetail; opened: boolean; onClose: () => void }) => props.opened, () => import("./edit-cluster.tsx").then((module) => module.EditCluster));

const LABELS = { nodes: "Nodes", scheduler: "Scheduler", telemetry: "Telemetry", events: "Events", agent: "Agent" } as const;

/** What every tab of a cluster shares: name, state and why, the acts, the facts, the tabs. */
export function ClusterShell({ id, children }: { id: string; children: React.ReactNode }) {
  const org = useOrg();
  const cluster = useCluster(id);
  const tabs = CLUSTER_TABS.filter((tab) => tab !== "scheduler" || cluster.driver === "slurm").map((tab) => ({ href: paths.clusterTab(org, id, tab), label: LABELS[tab], ...(tab === "nodes" ? { count: cluster.nodes.total } : {}) }));
  const whys = clusterWhys(cluster);
  return (
    <EnrolDialog cluster={cluster}>
      <PageHeader title={cluster.name} breadcrumbs={[{ label: "Clusters", href: paths.clusters(org) }]} badge={<ClusterStatus cluster={cluster} />} actions={<Acts cluster={cluster} />} />
      {whys.length > 0 && <div className={classes.whys}>{whys.map((why) => <Why key={why.title} cluster={cluster} why={why} />)}</div>}
      <KeyFacts items={factsOf(cluster)} />
      <TabLinks tabs={tabs} label="Cluster" />
      {children}
    </EnrolDialog>
  );
}

function ClusterStatus({ cluster }: { cluster: ClusterDetail }) {
  return (
    <span className={classes.badges}>
      <StatusBadge status={cluster.reachability.state} live="Cluster status" />
      {cluster.drainedAt && <StatusBadge status="drained" />}
    </span>
  );
}

function Acts({ cluster }: { cluster: ClusterDetail }) {
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Guarded allowed={useCan("clusters:manage")}><Button variant="default" onClick={dialog.open}>Change</Button></Guarded>
      <EditCluster cluster={cluster} opened={opened} onClose={dialog.close} />
      <DrainButton target={{ kind: "cluster", id: cluster.id, name: cluster.name, drained: cluster.drainedAt !== null, runs: cluster.liveAttempts }} />
    </>
  );
}

function Why({ cluster, why }: { cluster: ClusterDetail; why: ClusterWhy }) {
  const org = useOrg();
  const action = {
    "new-code": <NewCodeButton />,
    revoke: <RevokeButton cluster={cluster} />,
    undrain: null, // the header has that button
    none: <Button variant="default" component={Link} href={paths.clusterTab(org, cluster.id, "events")}>See events</Button>,
  }[why.act];
  return <WhyBox tone={why.tone} title={<>{why.title}{why.since && (why.lasts ? <> for <Duration from={why.since} /></> : <> · <Ago at={why.since} /></>)}</>} detail={why.detail} action={action} />;
}

function factsOf(cluster: ClusterDetail): Fact[] {
  const { nodes, accelerators, cpus, memoryMib, load } = cluster;
  const up = cluster.reachability.state === "reachable" ? `${formatCount(nodes.up)} of ${formatCount(nodes.total)} up` : `${formatCount(nodes.total)} known`;
  return [
    { label: "Nodes", value: nodes.total === 0 ? "—" : <span title={nodes.drained > 0 ? `${nodes.drained} drained` : undefined}>{up}</span> },
    { label: "Accelerators held", value: <UsageFact used={accelerators.used} total={accelerators.total} label="Accelerators held" /> },
    { label: "Cores held", value: <UsageFact used={cpus.used} total={cpus.total} label="Cores held" /> },
    { label: "Memory held", value: <UsageFact used={memoryMib.used} total={memoryMib.total} label="Memory held" format={formatMib} /> },
    { label: "CPU load", value: load === null ? "—" : formatShare(load) },
    { label: "Live runs", value: formatCount(cluster.liveAttempts) },
    { label: "Driver", value: cluster.driver ?? "—" },
    { label: "Region", value: cluster.region },
    { label: "Name in specs", value: <Id value={cluster.slug} max={24} label="Copy name" /> },
  ];
}

export function ClusterShellSkeleton() {
  return (
    <div aria-busy="true" aria-label="Loading cluster">
      <Skeleton width={280} height={26} mb={16} />
      <Skeleton height={52} mb={16} />
      <Skeleton width={340} height={34} mb={16} />
      <NodesSkeleton />
    </div>
  );
}

export function NodesSkeleton() {
  return <div aria-busy="true" aria-label="Loading">{Array.from({ length: 8 }, (_, row) => <Skeleton key={row} height={48} mb={8} />)}</div>;
}
