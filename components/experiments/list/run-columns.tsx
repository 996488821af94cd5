import { formatNumber } from "../../../domain/shared/format.ts";
import type { RunRow } from "../../../domain/experiments/run-view.ts";
import type { Column } from "../../table/data-table.tsx";
import { Name } from "../../ui/id.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Ago, Duration } from "../../ui/time.tsx";
import classes from "../experiments.module.css";
import { resourcesLine, resourcesWords } from "../resources.tsx";

/** Last values of the metrics written most recently. */
export function LastMetrics({ metrics, max = 2 }: { metrics: RunRow["metrics"]; max?: number }) {
  if (metrics.length === 0) return <span className="dim">—</span>;
  return (
    <span className={classes.numbers}>
      {metrics.slice(0, max).map(({ key, last }) => (
        <span key={key} className={classes.number} title={`${key} = ${last}`}>
          <span className={classes.numberKey}>{key.length > 16 ? `…${key.slice(-15)}` : key}</span>
          {formatNumber(last)}
        </span>
      ))}
    </span>
  );
}

/** Status, name, the numbers that decide, then who and when. Columns drop from the least needed where it is narrow. */
export const RUN_COLUMNS: Column<RunRow>[] = [
  { key: "status", title: "Status", width: 112, render: (run) => <StatusBadge status={run.status} reason={run.statusReason} /> },
  { key: "name", title: "Name", grow: true, link: true, render: (run) => <Name value={run.name} max={56} /> },
  { key: "metrics", title: "Last metrics", hideBelow: "md", render: (run) => <LastMetrics metrics={run.metrics} /> },
  { key: "duration", title: "Duration", align: "right", hideBelow: "xs", render: (run) => <Duration from={run.startedAt} to={run.endedAt} /> },
  { key: "resources", title: "Resources", align: "right", hideBelow: "lg", render: (run) => (run.origin === "client" ? <span className="dim">—</span> : <span title={resourcesWords(run, null)}>{resourcesLine(run)}</span>) },
  { key: "cluster", title: "Cluster", hideBelow: "md", render: (run) => (run.cluster ? <Name value={run.cluster.name} max={24} /> : <span className="dim">{run.origin === "client" ? "elsewhere" : "—"}</span>) },
  { key: "experiment", title: "Experiment", hideBelow: "xl", render: (run) => <Name value={run.experiment.name} max={24} /> },
  { key: "owner", title: "Owner", hideBelow: "lg", render: (run) => <Name value={run.owner.name} max={22} /> },
  { key: "created", title: "Submitted", align: "right", hideBelow: "sm", render: (run) => <Ago at={run.createdAt} /> },
];
