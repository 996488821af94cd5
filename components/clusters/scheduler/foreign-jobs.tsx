"use client";
import { useQueryState } from "nuqs";
import { useMemo, useState } from "react";
import { type ForeignJob, jobsShown, type SchedulerView } from "../../../domain/agents/scheduler.ts";
import { formatMib, formatNumber, plural } from "../../../domain/shared/format.ts";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { FilterBar, FilterText } from "../../ui/filters.tsx";
import { Section } from "../../ui/page-header.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Ago } from "../../ui/time.tsx";

const SHOWN = 50;
const dash = <span className="dim">—</span>;

const COLUMNS: Column<ForeignJob>[] = [
  { key: "id", title: "Job", width: 90, render: (job) => <span className="mono">{job.id}</span> },
  { key: "name", title: "Name", grow: true, render: (job) => job.name },
  { key: "user", title: "User", render: (job) => <>{job.user}{job.account && <span className="dim"> · {job.account}</span>}</> },
  { key: "partition", title: "Partition", hideBelow: "md", render: (job) => <>{job.partition}{job.qos && <span className="dim"> · {job.qos}</span>}</> },
  { key: "state", title: "State", render: (job) => <><StatusBadge status={job.state === "running" ? "running" : "queued"} word={job.state === "running" ? "Running" : "Waiting"} />{job.reason && <span className="dim"> {job.reason}</span>}</> },
  { key: "nodes", title: "Nodes", hideBelow: "lg", render: (job) => (job.nodes.length > 0 ? <span title={job.nodes.join(", ")}>{job.nodes.length > 2 ? `${job.nodes.length} nodes` : job.nodes.join(", ")}</span> : job.nodeCount || dash) },
  { key: "gpus", title: "GPUs", align: "right", hideBelow: "sm", render: (job) => (job.shares ? plural(job.shares, "share") : job.gpus || dash) },
  { key: "cpus", title: "Cores", align: "right", hideBelow: "md", render: (job) => formatNumber(job.cpus) },
  { key: "memory", title: "Memory", align: "right", hideBelow: "lg", render: (job) => formatMib(job.memoryMib) },
  { key: "started", title: "Started", align: "right", hideBelow: "sm", render: (job) => (job.startedAt === null ? dash : <Ago at={new Date(job.startedAt)} />) },
];

const says = (job: ForeignJob) => `${job.id} ${job.name} ${job.user} ${job.account} ${job.partition} ${job.qos} ${job.state} ${job.reason ?? ""} ${job.nodes.join(" ")}`.toLowerCase();

/** Jobs that were submitted outside Drover, read-only: placement counts what they hold. */
export function ForeignJobs({ seen }: { seen: SchedulerView }) {
  const [q, setQ] = useQueryState("q", { defaultValue: "" });
  const [limit, setLimit] = useState(SHOWN);
  const rows = useMemo(() => seen.jobs.filter((job) => says(job).includes(q.toLowerCase())), [seen.jobs, q]);
  return (
    <Section title="Jobs from outside Drover" count={jobsShown(seen)}>
      {seen.jobs.length > SHOWN || q ? <FilterBar><FilterText value={q} onChange={(text) => void setQ(text || null)} placeholder="Job, user, account, node" /></FilterBar> : null}
      <DataTable
        keys={false}
        label="Jobs from outside Drover"
        rows={rows.slice(0, limit)}
        rowKey={(job) => job.id}
        columns={COLUMNS}
        total={rows.length}
        noun="job"
        more={{ hasMore: rows.length > limit, loading: false, failed: false, load: () => setLimit(limit + SHOWN) }}
        empty={<EmptyState title={q ? "No job matches" : "Nobody else uses this cluster now"}>{q ? "Try another word." : "Jobs that people submit with sbatch appear here, and placement counts what they hold."}</EmptyState>}
      />
    </Section>
  );
}
