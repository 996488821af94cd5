"use client";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import type { RunningRow } from "../../domain/queue/queue-view.ts";
import { paths } from "../../paths.ts";
import { resourcesLine } from "../experiments/resources.tsx";
import { moreOf } from "../access/pages.ts";
import { useTRPC } from "../providers/api.tsx";
import { useOrg } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Name } from "../ui/id.tsx";
import { StatusBadge } from "../ui/status-badge.tsx";
import { Ago, Duration } from "../ui/time.tsx";
import { QueueFrame } from "./queue-frame.tsx";
import { queueInput, queueParams } from "./queue-params.ts";
import classes from "./queue.module.css";

const COLUMNS: Column<RunningRow>[] = [
  { key: "status", title: "Status", width: 112, render: (run) => <StatusBadge status={run.status} reason={run.statusReason} /> },
  { key: "name", title: "Run", grow: true, link: true, render: (run) => <Name value={run.name} max={48} /> },
  { key: "marks", title: "", hideBelow: "sm", render: (run) => <>{run.isStopping && <span className={classes.mark}>stopping</span>}{run.preemptible && <span className={classes.mark} title="May be stopped for other work">preemptible</span>}</> },
  { key: "priority", title: "Priority", align: "right", hideBelow: "md", render: (run) => run.priority },
  { key: "resources", title: "Holds", align: "right", hideBelow: "sm", render: (run) => resourcesLine(run) },
  { key: "cluster", title: "Cluster", hideBelow: "md", render: (run) => (run.cluster ? <Name value={run.cluster.name} max={24} /> : <span className="dim">—</span>) },
  { key: "duration", title: "Runs for", align: "right", render: (run) => <Duration from={run.startedAt} /> },
  { key: "ends", title: "Likely ends", align: "right", hideBelow: "sm", render: (run) => (run.endsAt ? <Ago at={run.endsAt} /> : <span className="dim" title="It has no maximum duration, and its experiment no history">unknown</span>) },
  { key: "project", title: "Project", hideBelow: "xl", render: (run) => <Name value={run.project.name} max={20} /> },
  { key: "owner", title: "Owner", hideBelow: "lg", render: (run) => <Name value={run.owner.name} max={20} /> },
];

/** Who holds capacity now, and when it should come free. */
export function RunningPage() {
  const trpc = useTRPC();
  const org = useOrg();
  const [{ project }] = useQueryStates(queueParams);
  const query = useSuspenseInfiniteQuery(trpc.queue.running.infiniteQueryOptions(queueInput(project), { getNextPageParam: (page) => page.nextCursor }));
  return (
    <QueueFrame>
      <DataTable
        label="Running runs"
        noun="run"
        rows={query.data.pages.flatMap((page) => page.items)}
        rowKey={(run) => run.id}
        columns={COLUMNS}
        href={(run) => paths.run(org, run.id)}
        more={moreOf(query)}
        empty={<EmptyState title="Nothing runs">Runs that hold capacity stand here, with what they hold and when it should come free.</EmptyState>}
      />
    </QueueFrame>
  );
}
