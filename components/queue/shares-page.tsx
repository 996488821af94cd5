"use client";
import { Button } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { lazy } from "react";
import type { QueueSummary, TeamUse } from "../../domain/queue/queue-view.ts";
import { formatCount, formatHours, formatNumber } from "../../domain/shared/format.ts";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { confirmAct } from "../ui/confirm.tsx";
import { DialogButton } from "../ui/dialog-button.tsx";
import { Meter } from "../ui/meter.tsx";
import { notifyError } from "../ui/notify.ts";
import { Section } from "../ui/page-header.tsx";
import { StatusBadge } from "../ui/status-badge.tsx";
import { QueueFrame } from "./queue-frame.tsx";
import classes from "./queue.module.css";

const PolicyForm = lazy(() => import("./policy-forms.tsx").then((module) => ({ default: module.PolicyForm })));
const QuotaForm = lazy(() => import("./policy-forms.tsx").then((module) => ({ default: module.QuotaForm })));

/** Who used how much, who may hold how much, where capacity is, and the rules, in words. */
export function SharesPage() {
  const summary = useSuspenseQuery(useTRPC().queue.summary.queryOptions()).data;
  return (
    <QueueFrame>
      <div className={classes.columns}>
        <div>
          <Teams summary={summary} />
          <Quotas summary={summary} />
          <Capacity summary={summary} />
        </div>
        <Policies summary={summary} />
      </div>
    </QueueFrame>
  );
}

/** "1.4 × its share": below 1 a team goes before others. */
function ratioWords(team: TeamUse): string {
  if (!Number.isFinite(team.ratio)) return "has no share";
  return team.usedHours === 0 ? "used nothing" : `${formatNumber(team.ratio, 2)} × its share`;
}

function Teams({ summary }: { summary: QueueSummary }) {
  const most = Math.max(1e-9, ...summary.teams.map((team) => team.usedHours));
  const columns: Column<TeamUse>[] = [
    { key: "name", title: "Team", render: (team) => team.name },
    { key: "weight", title: "Weight", align: "right", hideBelow: "xs", render: (team) => formatNumber(team.weight) },
    { key: "used", title: "Used", unit: "accelerator h, decayed", align: "right", render: (team) => formatHours(team.usedHours) },
    { key: "bar", title: "", grow: true, hideBelow: "sm", render: (team) => <Meter used={team.usedHours} total={most} label={`Use of ${team.name}`} tone={team.ratio > 1.2 ? "warn" : "active"} /> },
    { key: "ratio", title: "Against its share", align: "right", hideBelow: "xs", render: ratioWords },
    { key: "held", title: "Holds", align: "right", hideBelow: "sm", render: (team) => formatNumber(team.held) },
    { key: "waiting", title: "Waiting", align: "right", render: (team) => formatCount(team.waiting) },
  ];
  return (
    <Section title="Fair share">
      <DataTable label="Teams" rows={summary.teams} rowKey={(team) => team.id} columns={columns} flat keys={false} empty={<div className={classes.none}>There is no team yet.</div>} />
    </Section>
  );
}

type Quota = QueueSummary["quotas"][number];

function Quotas({ summary }: { summary: QueueSummary }) {
  const trpc = useTRPC();
  const may = useCan("queue:manage");
  const remove = useMutation(trpc.queue.removeQuota.mutationOptions({ onError: notifyError("The quota was not removed") }));
  const ask = (quota: Quota) => confirmAct({ title: `Remove the quota of ${quota.scopeName}?`, effect: "What it guarantees is then free for all, and what it limits no longer is.", verb: "Remove quota", onConfirm: () => remove.mutate({ id: quota.id }) });
  const columns: Column<Quota>[] = [
    { key: "scope", title: "For", render: (quota) => <>{quota.scopeName} <span className="dim">{quota.scope}</span></> },
    { key: "model", title: "Accelerators", render: (quota) => (quota.model === "*" ? "any" : quota.model) },
    { key: "bar", title: "", grow: true, hideBelow: "sm", render: (quota) => <Meter used={quota.used} total={Math.max(1, quota.limit ?? quota.guaranteed)} label={`Quota of ${quota.scopeName}`} tone={quota.used > quota.guaranteed ? "warn" : "active"} /> },
    { key: "used", title: "Holds", align: "right", render: (quota) => formatNumber(quota.used) },
    { key: "guaranteed", title: "Guaranteed", align: "right", render: (quota) => formatCount(quota.guaranteed) },
    { key: "limit", title: "At most", align: "right", hideBelow: "xs", render: (quota) => (quota.borrow ? (quota.limit === null ? "no limit" : formatCount(quota.limit)) : `${formatCount(quota.guaranteed)}, no borrowing`) },
    ...(may.ok ? [{ key: "acts", title: "", align: "right" as const, render: (quota: Quota) => <Button size="compact-xs" variant="subtle" color="gray" onClick={() => ask(quota)} aria-label={`Remove the quota of ${quota.scopeName}`}>Remove</Button> }] : []),
  ];
  return (
    <Section title="Quotas" actions={<DialogButton size="compact-sm" variant="default" label="Set a quota" allowed={may} width={440} form={(close) => <QuotaForm onDone={close} />} />}>
      <DataTable label="Quotas" rows={summary.quotas} rowKey={(quota) => quota.id} columns={columns} flat keys={false} empty={<div className={classes.none}>No quotas: whoever goes first may take what is free. A quota guarantees a team or a project accelerators, and limits what it may hold.</div>} />
    </Section>
  );
}

function Capacity({ summary }: { summary: QueueSummary }) {
  const org = useOrg();
  const rows = summary.clusters.flatMap((cluster) => (cluster.models.length > 0 ? cluster.models.map((model) => ({ ...model, cluster })) : [{ model: "cores only", total: 0, used: 0, failed: 0, largestFree: 0, cluster }]));
  type Row = (typeof rows)[number];
  const columns: Column<Row>[] = [
    { key: "cluster", title: "Cluster", render: ({ cluster }) => <>{cluster.name}&ensp;{cluster.state === "drained" && <StatusBadge status="drained" />}{cluster.state === "away" && <StatusBadge status="unreachable" />}</> },
    { key: "model", title: "Accelerators", hideBelow: "xs", render: (row) => row.model },
    { key: "bar", title: "", grow: true, hideBelow: "sm", render: (row) => <Meter used={row.total > 0 ? row.used : row.cluster.cpus.used} total={row.total > 0 ? row.total : row.cluster.cpus.total} label={`${row.model} of ${row.cluster.name} held`} /> },
    { key: "used", title: "Held", align: "right", render: (row) => (row.total > 0 ? `${formatCount(row.used)} of ${formatCount(row.total)}` : `${formatNumber(row.cluster.cpus.used)} of ${formatNumber(row.cluster.cpus.total)} cores`) },
    { key: "free", title: "Largest free block", align: "right", hideBelow: "sm", render: (row) => (row.total > 0 ? formatCount(row.largestFree) : <span className="dim">—</span>) },
    { key: "failed", title: "Failed", align: "right", hideBelow: "md", render: (row) => (row.total > 0 ? formatCount(row.failed) : <span className="dim">—</span>) },
  ];
  return (
    <Section title="Capacity" href={paths.clusters(org)} more="Clusters">
      <DataTable label="Capacity" rows={rows} rowKey={(row) => `${row.cluster.id} ${row.model}`} columns={columns} href={(row) => paths.cluster(org, row.cluster.id)} flat keys={false} empty={<div className={classes.none}>No cluster is connected yet. <Link href={paths.connectCluster(org)}>Connect one</Link></div>} />
    </Section>
  );
}

function Policies({ summary }: { summary: QueueSummary }) {
  const may = useCan("queue:manage");
  return (
    <Section title="Policies" actions={<DialogButton size="compact-sm" variant="default" label="Change" title="Policies of the queue" allowed={may} form={(close) => <PolicyForm policy={summary.policy} onDone={close} />} />}>
      <dl className={classes.policies}>
        {summary.words.map((one) => <div key={one.title}><dt>{one.title}</dt><dd>{one.says}</dd></div>)}
      </dl>
    </Section>
  );
}
