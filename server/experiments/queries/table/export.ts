import type { DbOrTx } from "../../../../db/client.ts";
import type { Grant } from "../../../../domain/access/roles.ts";
import { type ExportTable } from "../../../../domain/experiments/export-inputs.ts";
import { parseColumns, valuesOf, type TableColumn } from "../../../../domain/experiments/table-columns.ts";
import type { TableRow } from "../../../../domain/experiments/table-view.ts";
import type { FileColumn } from "../../../table-file.ts";
import { rowsOf, searchIds } from "./search.ts";

const PAGE = 500;

type ExportColumn = FileColumn<TableRow>;

const seconds = (from: Date | null, to: Date | null) => (from && to ? (to.getTime() - from.getTime()) / 1000 : null);

const ATTRIBUTES: Record<string, ExportColumn[]> = {
  status: [{ name: "status", type: "STRING", cell: (row) => row.status }],
  name: [{ name: "name", type: "STRING", cell: (row) => row.name }],
  metrics: [],
  duration: [{ name: "duration_seconds", type: "DOUBLE", cell: (row) => seconds(row.startedAt, row.endedAt) }],
  resources: [
    { name: "nodes", type: "DOUBLE", cell: (row) => row.nodes },
    { name: "gpus_per_node", type: "DOUBLE", cell: (row) => row.gpus },
    { name: "cpus_per_node", type: "DOUBLE", cell: (row) => row.cpus },
    { name: "memory_mib_per_node", type: "DOUBLE", cell: (row) => row.memoryMib },
  ],
  cluster: [{ name: "cluster", type: "STRING", cell: (row) => row.cluster?.name ?? null }],
  experiment: [{ name: "experiment", type: "STRING", cell: (row) => row.experiment.name }],
  project: [{ name: "project", type: "STRING", cell: (row) => row.project.slug }],
  owner: [{ name: "owner", type: "STRING", cell: (row) => row.owner.name }],
  created: [{ name: "created_at", type: "TIMESTAMP", cell: (row) => row.createdAt }],
  started: [{ name: "started_at", type: "TIMESTAMP", cell: (row) => row.startedAt }],
  ended: [{ name: "ended_at", type: "TIMESTAMP", cell: (row) => row.endedAt }],
  priority: [{ name: "priority", type: "DOUBLE", cell: (row) => row.priority }],
  attempts: [{ name: "attempts", type: "DOUBLE", cell: (row) => row.attemptCount }],
  failure: [{ name: "failure_class", type: "STRING", cell: (row) => row.failureClass }],
  id: [],
};

/** The run's id first, whatever is shown: what a file is joined by. */
export function exportColumns(texts: readonly string[]): ExportColumn[] {
  const columns = parseColumns(texts);
  return [{ name: "run_id", type: "STRING", cell: (row) => row.id }, ...columns.flatMap((column) => valueColumns(column, valuesOf(columns).indexOf(column.value!)))];
}

function valueColumns({ name, attribute, value }: TableColumn, at: number): ExportColumn[] {
  if (attribute) return ATTRIBUTES[attribute] ?? [];
  if (value?.kind === "metric") return [{ name, type: "DOUBLE", cell: (row) => row.cells[at] ?? null }];
  return [{ name, type: "STRING", cell: (row) => (row.cells[at] === null || row.cells[at] === undefined ? null : String(row.cells[at])) }];
}

/** All rows of the table, a page at a time: memory holds one page, whatever the table's length. */
export async function* exportRows(db: DbOrTx, grant: Grant, actorId: string, { sorts, columns, ...set }: ExportTable): AsyncGenerator<TableRow[]> {
  const values = valuesOf(parseColumns(columns));
  let cursor: string | undefined;
  do {
    const page = await searchIds(db, grant, actorId, set, { sorts, cursor, limit: PAGE });
    yield await rowsOf(db, page.ids, values);
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
}
