import type { DbOrTx } from "../../../../db/client.ts";
import type { Grant } from "../../../../domain/access/roles.ts";
import { type ExportTable } from "../../../../domain/experiments/export-inputs.ts";
import { parseColumns, seenColumns, valuesOf, type TableColumn } from "../../../../domain/experiments/table-columns.ts";
import type { TableRow } from "../../../../domain/experiments/table-view.ts";
import { costsOf } from "../../../costs/queries/live-costs.ts";
import { loadPriceBook } from "../../../costs/queries/prices.ts";
import type { FileColumn } from "../../../table-file.ts";
import { rowsOf, searchIds } from "./search.ts";
import type { TableReader } from "./within.ts";

const PAGE = 500;

/** A row with what it cost: an exact decimal, as text; null where nothing was ever charged for it. */
interface ExportRow extends TableRow {
  cost: string | null;
  currency: string;
}
type ExportColumn = FileColumn<ExportRow>;

const seconds = (from: Date | null, to: Date | null) => (from && to ? (to.getTime() - from.getTime()) / 1000 : null);

const ATTRIBUTES: Record<string, ExportColumn[]> = {
  status: [{ name: "status", type: "STRING", cell: (row) => row.status }],
  name: [{ name: "name", type: "STRING", cell: (row) => row.name }],
  metrics: [],
  cost: [
    { name: "cost", type: "STRING", cell: (row) => row.cost },
    { name: "cost_currency", type: "STRING", cell: (row) => (row.cost === null ? null : row.currency) },
  ],
  duration: [{ name: "duration_seconds", type: "DOUBLE", cell: (row) => seconds(row.startedAt, row.endedAt) }],
  resources: [
    { name: "nodes", type: "DOUBLE", cell: (row) => row.nodes },
    { name: "gpus_per_node", type: "DOUBLE", cell: (row) => row.gpus },
    { name: "cpus_per_node", type: "DOUBLE", cell: (row) => row.cpus },
    { name: "memory_mib_per_node", type: "DOUBLE", cell: (row) => row.memoryMib },
  ],
  gpus: [{ name: "gpus", type: "DOUBLE", cell: (row) => row.gpus * row.nodes }],
  nodes: [{ name: "nodes", type: "DOUBLE", cell: (row) => row.nodes }],
  cluster: [{ name: "cluster", type: "STRING", cell: (row) => row.cluster?.name ?? null }],
  experiment: [{ name: "experiment", type: "STRING", cell: (row) => row.experiment.name }],
  project: [{ name: "project", type: "STRING", cell: (row) => row.project.slug }],
  owner: [{ name: "owner", type: "STRING", cell: (row) => row.owner.name }],
  user: [{ name: "user", type: "STRING", cell: (row) => row.clientUser }],
  origin: [{ name: "origin", type: "STRING", cell: (row) => row.origin }],
  created: [{ name: "created_at", type: "TIMESTAMP", cell: (row) => row.createdAt }],
  started: [{ name: "started_at", type: "TIMESTAMP", cell: (row) => row.startedAt }],
  ended: [{ name: "ended_at", type: "TIMESTAMP", cell: (row) => row.endedAt }],
  priority: [{ name: "priority", type: "DOUBLE", cell: (row) => row.priority }],
  attempts: [{ name: "attempts", type: "DOUBLE", cell: (row) => row.attemptCount }],
  failure: [{ name: "failure_class", type: "STRING", cell: (row) => row.failureClass }],
  id: [],
};

/** The run's id first, whatever is shown: what a file is joined by. */
export function exportColumns(texts: readonly string[], { seesCosts }: TableReader): ExportColumn[] {
  const columns = seenColumns(parseColumns(texts), seesCosts);
  const found = columns.flatMap((column) => valueColumns(column, valuesOf(columns).indexOf(column.value!)));
  const once = new Map(found.map((column) => [column.name, column])); // the resources have the nodes among them
  return [{ name: "run_id", type: "STRING", cell: (row) => row.id }, ...once.values()];
}

function valueColumns({ name, attribute, value }: TableColumn, at: number): ExportColumn[] {
  if (attribute) return ATTRIBUTES[attribute] ?? [];
  if (value?.kind === "metric") return [{ name, type: "DOUBLE", cell: (row) => row.cells[at] ?? null }];
  return [{ name, type: "STRING", cell: (row) => (row.cells[at] === null || row.cells[at] === undefined ? null : String(row.cells[at])) }];
}

/** All rows of the table, a page at a time: memory holds one page, whatever the table's length. */
export async function* exportRows(db: DbOrTx, grant: Grant, reader: TableReader, { sorts, columns, ...set }: ExportTable): AsyncGenerator<ExportRow[]> {
  const shown = seenColumns(parseColumns(columns), reader.seesCosts);
  const values = valuesOf(shown);
  const book = shown.some(({ attribute }) => attribute === "cost") ? await loadPriceBook(db, grant.orgId) : null;
  let cursor: string | undefined;
  do {
    const page = await searchIds(db, grant, reader, set, { sorts, cursor, limit: PAGE });
    const costs = new Map(book ? (await costsOf(db, grant.orgId, page.ids, book)).map(({ id, amount }) => [id, amount]) : []);
    yield (await rowsOf(db, page.ids, values)).map((row) => ({ ...row, cost: costs.get(row.id) ?? null, currency: book?.currency ?? "" }));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
}
