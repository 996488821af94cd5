import { clampWidth } from "../shared/column-width.ts";
import type { Order } from "./filter/ast.ts";

/** Columns of the table of runs, as the URL and saved views write them. Pure; no zod, so that a page stays small. */

export const ATTRIBUTE_COLUMNS = {
  status: { title: "Status", width: 116, sort: "status" },
  name: { title: "Name", width: 280, sort: "run_name" },
  metrics: { title: "Last metrics", width: 260, sort: null },
  cost: { title: "Cost", width: 104, sort: "cost" },
  duration: { title: "Duration", width: 96, sort: "duration" },
  resources: { title: "Resources", width: 132, sort: "gpus" },
  gpus: { title: "GPUs", width: 76, sort: "gpus" },
  nodes: { title: "Nodes", width: 76, sort: "nodes" },
  cluster: { title: "Cluster", width: 130, sort: "cluster" },
  experiment: { title: "Experiment", width: 150, sort: "experiment" },
  project: { title: "Project", width: 120, sort: "project" },
  owner: { title: "Owner", width: 140, sort: "owner" },
  user: { title: "User", width: 120, sort: "user_id" },
  origin: { title: "Origin", width: 100, sort: "origin" },
  created: { title: "Submitted", width: 104, sort: "created" },
  started: { title: "Started", width: 104, sort: "start_time" },
  ended: { title: "Ended", width: 104, sort: "end_time" },
  priority: { title: "Priority", width: 84, sort: "priority" },
  attempts: { title: "Attempts", width: 84, sort: "attempts" },
  failure: { title: "Failure", width: 110, sort: "failure_class" },
  id: { title: "Run id", width: 150, sort: "run_id" },
} as const;
export type AttributeColumn = keyof typeof ATTRIBUTE_COLUMNS;

export const DEFAULT_COLUMNS: readonly string[] = ["status", "name", "metrics", "cost", "duration", "resources", "cluster", "experiment", "owner", "created"];
export const MAX_COLUMNS = 40;
export const MAX_ORDERS = 5;

/** A column that holds a measured or given value of each run. */
export type ValueRef = { kind: "metric"; key: string; of: "last" | "min" | "max" } | { kind: "param" | "tag"; key: string };

export interface TableColumn {
  /** As the URL writes it, without the width: `status`, `metric:loss`, `metric.min:loss`, `param:lr`, `tag:team`. */
  name: string;
  title: string;
  width: number;
  attribute: AttributeColumn | null;
  value: ValueRef | null;
  /** How the grammar calls what it is sorted by; null: it cannot be. */
  sort: { entity: Order["entity"]; key: string } | null;
}

export const isAttribute = (name: string): name is AttributeColumn => Object.hasOwn(ATTRIBUTE_COLUMNS, name);

/** A text that ends like a width is read as one: a key such as `recall@10` has to be written with its own behind it. */
const SIZED = /^(.+)@(\d{2,3})$/s;

/** null for a name that no column has. @param text May end in a width: `param:lr@120`. */
export function parseColumn(text: string): TableColumn | null {
  const sized = SIZED.exec(text);
  const column = namedColumn(sized?.[1] ?? text);
  return column && sized ? { ...column, width: clampWidth(Number(sized[2])) } : column;
}

/** The column that has exactly this name, as wide as usual; null for a name that none has. */
export function namedColumn(name: string): TableColumn | null {
  if (isAttribute(name)) {
    const { title, width, sort } = ATTRIBUTE_COLUMNS[name];
    return { name, title, width, attribute: name, value: null, sort: sort === null ? null : { entity: "attributes", key: sort } };
  }
  const match = /^(metric|metric\.min|metric\.max|param|tag):(.{1,250})$/s.exec(name);
  if (!match) return null;
  const key = match[2]!;
  if (match[1] === "param" || match[1] === "tag") return { name, title: key, width: 120, attribute: null, value: { kind: match[1], key }, sort: { entity: match[1] === "param" ? "params" : "tags", key } };
  const of = match[1] === "metric" ? "last" : (match[1]!.slice("metric.".length) as "min" | "max");
  return { name, title: of === "last" ? key : `${of} ${key}`, width: 110, attribute: null, value: { kind: "metric", key, of }, sort: of === "last" ? { entity: "metrics", key } : null };
}

/**
 * Columns for a key that somebody typed, as every kind of value that may have it; what is offered already is left out.
 * @param text A key, or a column's whole name: `loss`, `metric.min:loss`.
 */
export function typedColumns(text: string, offered: ReadonlySet<string>): string[] {
  const key = text.trim();
  if (namedColumn(key)) return offered.has(key) ? [] : [key];
  return ["metric", "metric.min", "metric.max", "param", "tag"].map((kind) => `${kind}:${key}`).filter((name) => !offered.has(name) && namedColumn(name));
}

/** Each column once, in the order given; what is no column is left out. The name is always among them: it is the link. */
export function parseColumns(texts: readonly string[]): TableColumn[] {
  const found = new Map<string, TableColumn>();
  for (const text of texts.slice(0, MAX_COLUMNS)) {
    const column = parseColumn(text);
    if (column && !found.has(column.name)) found.set(column.name, column);
  }
  if (!found.has("name")) found.set("name", parseColumn("name")!);
  return [...found.values()];
}

/** Widths that are usual are not written, unless the name would be read as another's width. */
export function printColumns(columns: readonly TableColumn[]): string[] {
  return columns.map(({ name, width }) => (!SIZED.test(name) && namedColumn(name)?.width === width ? name : `${name}@${width}`));
}

export const valuesOf = (columns: readonly TableColumn[]): ValueRef[] => columns.flatMap(({ value }) => (value ? [value] : []));

/** Those that somebody sees for whom costs are, or are not. */
export const seenColumns = (columns: readonly TableColumn[], seesCosts: boolean): TableColumn[] => columns.filter(({ attribute }) => seesCosts || attribute !== "cost");

/** `-metric:loss` sorts down by it. What cannot be sorted by is left out. */
export function parseSorts(texts: readonly string[]): { name: string; descending: boolean; order: Order }[] {
  return texts.slice(0, MAX_ORDERS).flatMap((text) => {
    const descending = text.startsWith("-");
    const column = namedColumn(descending ? text.slice(1) : text);
    return column?.sort ? [{ name: column.name, descending, order: { ...column.sort, descending } }] : [];
  });
}

/** Pressing a head: up, down, off. With `more` it joins the sorts there are, without it stands alone. */
export function pressSort(sorts: readonly string[], name: string, more: boolean): string[] {
  const now = sorts.find((one) => one === name || one === `-${name}`);
  const next = now === undefined ? name : now === name ? `-${name}` : null;
  if (!more) return next ? [next] : [];
  if (now === undefined) return [...sorts, name].slice(0, MAX_ORDERS);
  return sorts.flatMap((one) => (one === now ? (next ? [next] : []) : [one]));
}

export function moveColumn(columns: readonly TableColumn[], name: string, to: number): TableColumn[] {
  const from = columns.findIndex((column) => column.name === name);
  if (from < 0) return [...columns];
  const copy = [...columns];
  const [moved] = copy.splice(from, 1);
  copy.splice(Math.max(0, Math.min(copy.length, to)), 0, moved!);
  return copy;
}
