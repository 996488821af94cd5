"use client";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { strokeOf } from "../../../domain/experiments/compare/lines.ts";
import type { ReportBlock } from "../../../domain/experiments/report-blocks.ts";
import { parseColumns, type TableColumn, valuesOf } from "../../../domain/experiments/table-columns.ts";
import type { TableRow } from "../../../domain/experiments/table-view.ts";
import { useTRPC } from "../../providers/api.tsx";
import { keptIfSame } from "../../providers/kept.ts";

/** How often a set that a filter finds is looked for again; runs already in it follow their own changes. */
const AGAIN_MS = 30_000;

/** The runs of a block, as they are now. @param project Slug of the report's project. */
export function useRunSet(block: ReportBlock, project: string, enabled: boolean) {
  const trpc = useTRPC();
  const columns: TableColumn[] = useMemo(() => parseColumns(block.kind === "runs" ? block.columns : ["name"]), [block]);
  const values = useMemo(() => valuesOf(columns).map((value) => (value.kind === "metric" ? value : { kind: value.kind, key: value.key })), [columns]);
  const search = trpc.table.search.queryOptions({ project: block.project ?? project, sorts: block.sort ?? ["-created"], columns: values, limit: block.limit, ...(block.filter?.trim() ? { filter: block.filter } : {}) });
  const found = useQuery({ ...search, enabled: enabled && !block.runs, refetchInterval: AGAIN_MS, placeholderData: keptIfSame(search.queryKey, "columns") });
  const byId = trpc.table.rows.queryOptions({ ids: block.runs ?? [], columns: values });
  const named = useQuery({ ...byId, enabled: enabled && Boolean(block.runs), placeholderData: keptIfSame(byId.queryKey, "columns", "ids") });
  const query = block.runs ? named : found;
  const rows: TableRow[] | undefined = block.runs ? named.data : found.data?.items;
  const missing = block.runs && rows ? block.runs.length - rows.length : 0;
  return { rows, columns, missing, error: query.error, retry: () => void query.refetch() };
}

/** Runs as a chart tells them apart: by their place in the set. */
export function useComparedRows(rows: readonly TableRow[] | undefined) {
  return useMemo(() => {
    const places = new Map((rows ?? []).map(({ id }, at) => [id, at]));
    return { ids: [...places.keys()], nameOf: (id: string) => rows?.[places.get(id) ?? -1]?.name ?? id, strokeOfRun: (id: string) => strokeOf(places.get(id.split(" ")[0]!) ?? -1) };
  }, [rows]);
}
