"use client";
import Link from "next/link";
import { FAILURE_SAYS } from "../../domain/experiments/failure.ts";
import type { Overview, RunRow } from "../../domain/experiments/run-view.ts";
import { paths } from "../../paths.ts";
import { LastMetrics } from "../experiments/list/run-columns.tsx";
import { resourcesLine } from "../experiments/resources.tsx";
import { useOrg } from "../providers/viewer.tsx";
import type { Column } from "../table/data-table.tsx";
import { Name } from "../ui/id.tsx";
import { StatusBadge, ToneIcon } from "../ui/status-badge.tsx";
import { Ago, Duration } from "../ui/time.tsx";
import classes from "./overview.module.css";

export const RUNNING_COLUMNS: Column<RunRow>[] = [
  { key: "status", title: "Status", width: 112, render: (run) => <StatusBadge status={run.status} reason={run.statusReason} /> },
  { key: "name", title: "Name", grow: true, link: true, render: (run) => <Name value={run.name} max={44} /> },
  { key: "metrics", title: "Last metrics", hideBelow: "md", render: (run) => <LastMetrics metrics={run.metrics} /> },
  { key: "resources", title: "Resources", align: "right", hideBelow: "sm", render: (run) => resourcesLine(run) },
  { key: "cluster", title: "Cluster", hideBelow: "sm", render: (run) => (run.cluster ? <Name value={run.cluster.name} max={24} /> : <span className="dim">—</span>) },
  { key: "duration", title: "Duration", align: "right", render: (run) => <Duration from={run.startedAt} to={run.endedAt} /> },
];

/** What waits, and the sentence that says why. */
export function WaitingLines({ runs }: { runs: Overview["waiting"] }) {
  const org = useOrg();
  return (
    <ul className={classes.lines}>
      {runs.map((run) => {
        const never = run.pending?.kind === "never";
        return (
          <li key={run.id} className={classes.line}>
            <div className={classes.lineMain}>
              <ToneIcon icon={never ? "cross" : run.pending?.kind === "away" ? "triangle" : "ring"} tone={never ? "bad" : run.pending?.kind === "away" ? "warn" : "neutral"} />
              <Link href={paths.run(org, run.id)} className={classes.lineName}><Name value={run.name} max={32} /></Link>
              <span className={classes.lineWhy} title={run.pending?.message}>{run.pending?.message ?? "Waiting for placement to look at it."}</span>
            </div>
            <span className={classes.lineSide}>{run.owner.name} · <Ago at={run.createdAt} /></span>
          </li>
        );
      })}
    </ul>
  );
}

/** What failed: its class and the reason, in one line each. */
export function FailedLines({ runs }: { runs: RunRow[] }) {
  const org = useOrg();
  return (
    <ul className={classes.lines}>
      {runs.map((run) => (
        <li key={run.id} className={classes.line}>
          <div className={classes.lineMain}>
            <ToneIcon icon="cross" tone="bad" />
            <Link href={paths.run(org, run.id)} className={classes.lineName}><Name value={run.name} max={32} /></Link>
            {run.failureClass && <code className={classes.class} title={FAILURE_SAYS[run.failureClass]}>{run.failureClass}</code>}
            <span className={classes.lineWhy} title={run.statusReason ?? undefined}>{run.statusReason ?? (run.failureClass ? FAILURE_SAYS[run.failureClass] : "No reason was recorded.")}</span>
          </div>
          <span className={classes.lineSide}>{run.owner.name} · <Ago at={run.endedAt} /></span>
        </li>
      ))}
    </ul>
  );
}
