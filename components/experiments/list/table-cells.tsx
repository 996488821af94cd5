import { isAttribute, type TableColumn, valuesOf } from "../../../domain/experiments/table-columns.ts";
import type { TableRow } from "../../../domain/experiments/table-view.ts";
import { formatCount } from "../../../domain/shared/format.ts";
import type { GridColumn } from "../../table/grid-table.tsx";
import { RunCostCell } from "../../costs/run-costs.tsx";
import { Id, Name } from "../../ui/id.tsx";
import { Num } from "../../ui/sizes.tsx";
import { Ago } from "../../ui/time.tsx";
import { RUN_COLUMNS } from "./run-columns.tsx";

const RIGHT = new Set(["cost", "duration", "resources", "created", "started", "ended", "priority", "attempts", "gpus", "nodes"]);
const known = new Map(RUN_COLUMNS.map((column) => [column.key, column.render]));

/** Pixels of a cell beside its text, and of a letter on average. */
const PADDING = 12;
const LETTER = 7;

const MORE: Record<string, (row: TableRow, width: number) => React.ReactNode> = {
  name: (row, width) => <><Name value={row.name} max={Math.floor((width - PADDING) / LETTER)} />{row.archived && <span className="dim"> · archived</span>}</>,
  cost: (row) => <RunCostCell id={row.id} />,
  project: (row) => <Name value={row.project.name} max={24} />,
  started: (row) => <Ago at={row.startedAt} />,
  ended: (row) => <Ago at={row.endedAt} />,
  gpus: (row) => ofRequest(row, row.gpus * row.nodes),
  nodes: (row) => ofRequest(row, row.nodes),
  user: (row, width) => (row.clientUser ? <Name value={row.clientUser} max={Math.floor((width - PADDING) / LETTER)} /> : <span className="dim">—</span>),
  origin: (row) => row.origin,
  priority: (row) => row.priority,
  attempts: (row) => formatCount(row.attemptCount),
  failure: (row) => row.failureClass ?? <span className="dim">—</span>,
  id: (row) => <Id value={row.id} />,
};

/** A client's run asked for nothing. */
const ofRequest = (row: TableRow, count: number) => (row.origin === "client" ? <span className="dim">—</span> : formatCount(count));

/** What a head cannot say in a word. */
const TIPS: Record<string, string> = { gpus: "Of all its nodes together", user: "Who the client that logged it said it was", origin: "submitted: Drover runs it; client: a program elsewhere logs it", cost: "Live while a run holds something. Sorts and filters go by what the ledger has: a running hour is not in it yet" };

/** The chosen columns with what stands in their cells: the values come in the order in which the columns were asked for. */
export function gridColumns(columns: readonly TableColumn[]): GridColumn<TableRow>[] {
  const places = new Map(valuesOf(columns).map((value, at) => [value, at]));
  return columns.map((column) => {
    const { name, title, width } = column;
    const base = { key: name, title, width, sortable: column.sort !== null, ...(name in TIPS ? { tip: TIPS[name] } : {}) };
    if (column.value) {
      const at = places.get(column.value)!;
      return { ...base, align: column.value.kind === "tag" ? ("left" as const) : ("right" as const), render: (row) => <Cell value={row.cells[at] ?? null} /> };
    }
    const more = MORE[name];
    const render = more ? (row: TableRow) => more(row, width) : isAttribute(name) ? known.get(name) : undefined;
    return { ...base, align: RIGHT.has(name) ? ("right" as const) : ("left" as const), render: (row) => render?.(row, 0) ?? null };
  });
}

function Cell({ value }: { value: number | string | null }) {
  if (value === null) return <span className="dim">—</span>;
  return typeof value === "number" ? <Num value={value} /> : <span title={value}>{value}</span>;
}
