"use client";
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { type ComponentProps, lazy, Suspense, useMemo, useState } from "react";
import { moveColumn, parseColumns, pressSort, printColumns, seenColumns, type TableColumn } from "../../../domain/experiments/table-columns.ts";
import { formatCount, plural } from "../../../domain/shared/format.ts";
import { paths } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan, useOrg } from "../../providers/viewer.tsx";
import { RunCostsProvider, useRunCosts } from "../../costs/run-costs.tsx";
import { TableSkeleton } from "../../table/table-skeleton.tsx";
import { GridTable } from "../../table/grid-table.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import { whenWanted } from "../../ui/when-wanted.tsx";
import { isNarrowed, NO_FILTERS, runsParams, scopeOf, tableSetOf } from "../runs-params.ts";
import { ViewsMenu } from "../views-menu.tsx";
import type { BulkActs as BulkActsType } from "./bulk-acts.tsx";
import { NewRunButton, RunsEmpty } from "./runs-empty.tsx";
import { RunsFilters } from "./runs-filters.tsx";
import { gridColumns } from "./table-cells.tsx";
import { TableTools } from "./table-tools.tsx";
import { useTable } from "./use-table.ts";
import classes from "./table.module.css";

// What most visits never open comes when it is wanted.
const BulkActs = whenWanted((props: ComponentProps<typeof BulkActsType>) => props.runs.length > 0, () => import("./bulk-acts.tsx").then((module) => module.BulkActs));
const ExperimentCost = lazy(() => import("../../costs/experiment-cost.tsx").then((module) => ({ default: module.ExperimentCost })));
const GroupsTable = lazy(() => import("./groups-table.tsx").then((module) => ({ default: module.GroupsTable })));
const RunPeek = whenWanted((props: { id: string | null; onClose: () => void }) => props.id !== null, () => import("./run-peek.tsx").then((module) => module.RunPeek));

/** A parameter's or tag's own name; what every run has, as a word. */
const groupTitle = (group: string): string => (/^(param|tag):/.test(group) ? group.replace(/^(param|tag):/, "") : group[0]!.toUpperCase() + group.slice(1));

/** The table of runs: everything that decides what it shows stands in the URL. */
export function RunsPage() {
  const trpc = useTRPC();
  const org = useOrg();
  const [params, setParams] = useQueryStates(runsParams);
  const counts = useSuspenseQuery(trpc.experiments.counts.queryOptions(scopeOf(params.project))).data;
  const seesCosts = useCan("costs:read").ok;
  const columns = useMemo(() => seenColumns(parseColumns(params.cols), seesCosts), [params.cols, seesCosts]);
  const grid = useMemo(() => gridColumns(columns), [columns]);
  const table = useTable(params);
  const costs = useRunCosts(useMemo(() => table.rows.map(({ id }) => id), [table.rows]), !params.group && columns.some(({ name }) => name === "cost"));
  const matching = useQuery({ ...trpc.table.count.queryOptions(tableSetOf(params)), placeholderData: keepPreviousData }).data;
  const [selected, setSelected] = useState<string[]>([]);
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const chosen = table.rows.filter((run) => selected.includes(run.id));
  const setColumns = (next: TableColumn[]) => void setParams({ cols: printColumns(next) });
  const done = () => {
    setSelected([]);
    table.reload();
  };
  return (
    <div className={classes.page}>
      <PageHeader title="Runs" count={all} actions={<><ViewsMenu page="runs" project={params.project} /><NewRunButton /></>} breadcrumbs={[]} />
      <RunsFilters />
      {params.experiment && seesCosts && <Suspense fallback={<div style={{ minHeight: 114 }} aria-busy="true" />}><ExperimentCost id={params.experiment} /></Suspense>}
      <TableTools columns={columns} onColumns={setColumns} />
      {table.error ? <ErrorBox what="The runs could not be loaded" error={table.error} retry={table.retry} /> : params.group ? (
        <Suspense fallback={<TableSkeleton columns={[{ key: "value", title: "Group", grow: true }]} />}><GroupsTable params={params} columns={columns} label={groupTitle(params.group)} onOpen={(f) => void setParams({ f, group: null })} /></Suspense>
      ) : (
        <RunCostsProvider value={costs}><GridTable
          label="Runs"
          noun="run"
          rows={table.rows}
          rowKey={(run) => run.id}
          columns={grid}
          pinned={Math.max(0, Math.min(6, params.pin))}
          href={(run) => paths.run(org, run.id)}
          linkColumn="name"
          total={matching ? `${formatCount(matching.count)}${matching.more ? "+" : ""}` : null}
          more={table.more}
          sorts={params.sort}
          onSort={(key, more) => void setParams({ sort: pressSort(params.sort, key, more) })}
          onResize={(key, width) => setColumns(columns.map((column) => (column.name === key ? { ...column, width } : column)))}
          onMove={(key, to) => setColumns(moveColumn(columns, key, columns.findIndex(({ name }) => name === to)))}
          selected={chosen.map((run) => run.id)}
          onSelect={setSelected}
          bulkActions={<BulkActs runs={chosen} archived={params.archived} onDone={done} />}
          onPeek={(run) => void setParams({ peek: run.id })}
          notice={table.arrived > 0 ? { text: `${table.arrived >= 100 ? "100 or more new runs" : plural(table.arrived, "new run")}. Show`, onShow: table.reload } : null}
          empty={<RunsEmpty narrowed={isNarrowed(params)} onClear={() => void setParams(NO_FILTERS)} />}
          loading={table.loading}
        /></RunCostsProvider>
      )}
      <RunPeek id={params.peek} onClose={() => void setParams({ peek: null })} />
    </div>
  );
}
