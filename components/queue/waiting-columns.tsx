import type { PendingReason } from "../../domain/experiments/pending.ts";
import type { QueueRow } from "../../domain/queue/queue-view.ts";
import { resourcesLine, resourcesWords } from "../experiments/resources.tsx";
import type { Column } from "../table/data-table.tsx";
import { Name } from "../ui/id.tsx";
import { Ago, Duration } from "../ui/time.tsx";
import classes from "./queue.module.css";

/** Why it waits: what binds it now, else the reason that placement wrote. */
export const whyWaits = (run: QueueRow): string => run.binding ?? run.pending?.message ?? "Waiting for placement to look at it.";

export const WAITING_COLUMNS: Column<QueueRow>[] = [
  { key: "position", title: "#", width: 40, align: "right", render: (run) => (run.position === null ? <span className="dim">—</span> : <span className="num">{run.position}</span>) },
  { key: "name", title: "Run", width: 220, link: true, render: (run) => <Name value={run.name} max={32} /> },
  { key: "priority", title: "Priority", align: "right", hideBelow: "sm", render: (run) => run.priority },
  { key: "resources", title: "Asks for", align: "right", hideBelow: "md", render: (run) => <span title={resourcesWords(run, run.gpuModel)}>{resourcesLine(run)}</span> },
  { key: "why", title: "Why it waits", grow: true, hideBelow: "xs", render: (run) => <span title={whyWaits(run)}>{run.held && <span className={classes.mark}>held</span>}{run.preemptible && <span className={classes.mark} title="May be stopped for other work">preemptible</span>}{whyWaits(run)}</span> },
  { key: "start", title: "May start", align: "right", render: (run) => (run.start ? <span title={run.start.basis}><Ago at={run.start.at} /></span> : <NoStart kind={run.pending?.kind} />) },
  { key: "project", title: "Project", hideBelow: "xl", render: (run) => <Name value={run.project.name} max={20} /> },
  { key: "owner", title: "Owner", hideBelow: "lg", render: (run) => <Name value={run.owner.name} max={20} /> },
  { key: "queued", title: "Waits", align: "right", hideBelow: "md", render: (run) => <Duration from={run.statusSince} /> },
];

/** Why no start is named: what no cluster can run waits for nothing that ends. */
function NoStart({ kind }: { kind: PendingReason["kind"] | undefined }) {
  if (kind === "held") return <span className="dim" title="Somebody holds it back">when released</span>;
  return kind === "never" ? <span className="dim" title="No connected cluster can run it">—</span> : <span className="dim" title="Nothing that runs says when it ends">unknown</span>;
}
