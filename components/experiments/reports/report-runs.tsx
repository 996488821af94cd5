"use client";
import { useMemo } from "react";
import type { RunsBlock } from "../../../domain/experiments/report-blocks.ts";
import { seenColumns } from "../../../domain/experiments/table-columns.ts";
import { plural } from "../../../domain/shared/format.ts";
import { paths } from "../../../paths.ts";
import { useSeen } from "../../charts/use-seen.ts";
import { RunCostsProvider, useRunCosts } from "../../costs/run-costs.tsx";
import { useCan, useOrg } from "../../providers/viewer.tsx";
import { type Column, DataTable, type HideBelow } from "../../table/data-table.tsx";
import { TableSkeleton } from "../../table/table-skeleton.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import type { TableRow } from "../../../domain/experiments/table-view.ts";
import { gridColumns } from "../list/table-cells.tsx";
import classes from "./reports.module.css";
import { SetFoot } from "./set-foot.tsx";
import { useRunSet } from "./use-run-set.ts";

/** Where the table is narrow its last columns go first: the name and one more always stay. */
const hiddenBelow = (place: number): { hideBelow?: HideBelow } => {
  if (place < 2) return {};
  return { hideBelow: place < 3 ? "xs" : place < 5 ? "sm" : place < 7 ? "md" : place < 9 ? "lg" : "xl" };
};

/** A table of a report: the runs that its block finds now. */
export function ReportRuns({ block, project }: { block: RunsBlock; project: string }) {
  const org = useOrg();
  const [anchor, seen] = useSeen();
  const { rows, columns, missing, error, retry } = useRunSet(block, project, seen);
  const seesCosts = useCan("costs:read").ok;
  const costs = useRunCosts(useMemo(() => (rows ?? []).map(({ id }) => id), [rows]), columns.some(({ name }) => name === "cost"));
  const shown = gridColumns(seenColumns(columns, seesCosts)).map(({ key, title, align, render }, place): Column<TableRow> => ({ key, title, render, ...(align ? { align } : {}), ...(key === "name" ? { grow: true, link: true } : hiddenBelow(place)) }));
  return (
    <figure className={classes.block} ref={anchor}>
      {error ? <ErrorBox what="The runs of this table were not found" error={error} retry={retry} /> : !rows ? <TableSkeleton columns={shown} rows={Math.min(5, block.limit)} /> : (
        <RunCostsProvider value={costs}><DataTable label="Runs of this report" noun="run" rows={rows} rowKey={(row) => row.id} columns={shown} href={(row) => paths.run(org, row.id)} flat keys={false} empty={<EmptyState title="No run matches">{block.filter ? <>No run matches <code>{block.filter}</code>.</> : "Runs appear here as they are submitted."}</EmptyState>} /></RunCostsProvider>
      )}
      {rows && <SetFoot said={plural(rows.length, "run")} missing={missing} href={rows.length > 1 ? paths.compare(org, rows.map(({ id }) => id)) : null} link="Compare these runs" />}
    </figure>
  );
}
