"use client";
import type { AttemptView, RunDetail } from "../../../domain/experiments/run-view.ts";
import { paths } from "../../../paths.ts";
import { useOrg } from "../../providers/viewer.tsx";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { Section } from "../../ui/page-header.tsx";
import { Bytes } from "../../ui/sizes.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Ago, Duration } from "../../ui/time.tsx";

function end(attempt: AttemptView): string {
  if (attempt.signal) return attempt.signal;
  return attempt.exitCode === null ? "—" : `exit ${attempt.exitCode}`;
}

const COLUMNS: Column<AttemptView>[] = [
  { key: "number", title: "Attempt", link: true, width: 80, render: (attempt) => `#${attempt.number}` },
  { key: "status", title: "Status", render: (attempt) => <StatusBadge status={attempt.outcome ?? attempt.status} /> },
  { key: "cluster", title: "Cluster", hideBelow: "sm", grow: true, render: (attempt) => <>{attempt.cluster.name}{attempt.nodeNames.length > 0 && <span className="dim"> · {attempt.nodeNames.join(", ")}</span>}{attempt.scheduler && <span className="dim"> · job {attempt.scheduler.job}</span>}</> },
  { key: "gpus", title: "GPUs", hideBelow: "lg", render: (attempt) => (attempt.acceleratorIndexes.length > 0 ? attempt.acceleratorIndexes.join(", ") : <span className="dim">—</span>) },
  { key: "end", title: "Ended with", hideBelow: "md", render: (attempt) => <>{end(attempt)}{attempt.failureClass && <span className="dim"> · {attempt.failureClass}</span>}</> },
  { key: "duration", title: "Duration", align: "right", render: (attempt) => <Duration from={attempt.startedAt} to={attempt.endedAt} /> },
  { key: "log", title: "Log", align: "right", hideBelow: "md", render: (attempt) => <Bytes value={attempt.log.bytes} /> },
  { key: "started", title: "Placed", align: "right", hideBelow: "sm", render: (attempt) => <Ago at={attempt.assignedAt} /> },
];

/** Every try of the run, the newest first. A row opens its log. */
export function AttemptsTable({ run }: { run: RunDetail }) {
  const org = useOrg();
  if (run.attempts.length === 0) return null;
  return (
    <Section title="Attempts" count={run.attempts.length}>
      <DataTable flat keys={false} label="Attempts" rows={run.attempts.toReversed()} rowKey={(attempt) => attempt.id} columns={COLUMNS} href={(attempt) => `${paths.runTab(org, run.id, "logs")}?attempt=${attempt.number}`} empty={null} />
    </Section>
  );
}
