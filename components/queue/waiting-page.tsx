"use client";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { type ComponentProps, useState } from "react";
import { paths } from "../../paths.ts";
import { moreOf } from "../access/pages.ts";
import { useTRPC } from "../providers/api.tsx";
import { useOrg } from "../providers/viewer.tsx";
import { DataTable } from "../table/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { whenWanted } from "../ui/when-wanted.tsx";
import type { QueueActs as QueueActsType } from "./queue-acts.tsx";
import { QueueFrame } from "./queue-frame.tsx";
import { queueInput, queueParams } from "./queue-params.ts";
import { WAITING_COLUMNS } from "./waiting-columns.tsx";

// What is done to chosen runs comes when one is chosen.
const QueueActs = whenWanted((props: ComponentProps<typeof QueueActsType>) => props.runs.length > 0, () => import("./queue-acts.tsx").then((module) => module.QueueActs));

/** Who waits, for what, and until when. Positions count the runs that the viewer may not see. */
export function WaitingPage() {
  const trpc = useTRPC();
  const org = useOrg();
  const [{ project }] = useQueryStates(queueParams);
  const query = useSuspenseInfiniteQuery(trpc.queue.waiting.infiniteQueryOptions(queueInput(project), { getNextPageParam: (page) => page.nextCursor }));
  const rows = query.data.pages.flatMap((page) => page.items);
  const [selected, setSelected] = useState<string[]>([]);
  const chosen = rows.filter((run) => selected.includes(run.id));
  return (
    <QueueFrame>
      <DataTable
        label="Waiting runs"
        noun="run"
        rows={rows}
        rowKey={(run) => run.id}
        columns={WAITING_COLUMNS}
        href={(run) => paths.run(org, run.id)}
        more={moreOf(query)}
        selected={chosen.map((run) => run.id)}
        onSelect={setSelected}
        bulkActions={<QueueActs runs={chosen} onDone={() => setSelected([])} />}
        empty={<EmptyState title="Nothing waits">Runs that cannot start at once stand here in the order in which they will, each with what it waits for and when it may start.</EmptyState>}
      />
    </QueueFrame>
  );
}
