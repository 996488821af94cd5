import { AMOUNT, ATTRIBUTES, type Comparison, type Entity, type Filter, FilterError, type Group, isGroup, isMoney } from "./ast.ts";
import { parseFilter } from "./parse.ts";
import { printFilter } from "./print.ts";

/** A filter as a form edits it: always a group at the top, places named by the way down to them. */

export type Path = readonly number[];

export type Reading = { ok: true; root: Group } | { ok: false; message: string; from: number; to: number };

/** The text as a group; where it makes no sense, where and why. */
export function readFilter(text: string): Reading {
  try {
    const filter = parseFilter(text);
    if (!filter) return { ok: true, root: { kind: "and", items: [] } };
    return { ok: true, root: isGroup(filter) ? filter : { kind: "and", items: [filter] } };
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return { ok: false, message: error.message, from: error.at.from, to: error.at.to };
  }
}

/** Groups of nothing are left out, groups of one are that one. */
export function writeFilter(root: Group): string {
  const plain = simplify(root);
  return plain ? printFilter(plain) : "";
}

function simplify(filter: Filter): Filter | null {
  if (!isGroup(filter)) return filter;
  const items = filter.items.flatMap((item) => simplify(item) ?? []);
  return items.length === 0 ? null : items.length === 1 ? items[0]! : { kind: filter.kind, items };
}

/** The filter with another one in this place; null takes it out. */
export function replaceAt(root: Group, path: Path, next: Filter | null): Group {
  const [at, ...rest] = path;
  if (at === undefined) return next && isGroup(next) ? next : { kind: root.kind, items: next ? [next] : [] };
  const items = root.items.flatMap((item, place): Filter[] => {
    if (place !== at) return [item];
    if (rest.length > 0) return isGroup(item) ? [replaceAt(item, rest, next)] : [item];
    return next ? [next] : [];
  });
  return { kind: root.kind, items };
}

export function addAt(root: Group, path: Path, added: Filter): Group {
  const [at, ...rest] = path;
  if (at === undefined) return { kind: root.kind, items: [...root.items, added] };
  return { kind: root.kind, items: root.items.map((item, place) => (place === at && isGroup(item) ? addAt(item, rest, added) : item)) };
}

export const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "contains", "is one of", "is set", "is not set"] as const;
export type Operator = (typeof OPERATORS)[number];

/** Does this name hold numbers, words, or either? */
export function kindOf(entity: Entity, key: string): "number" | "text" | "either" {
  if (entity === "metrics") return "number";
  if (entity === "params") return "either";
  return entity === "attributes" && ATTRIBUTES[key as keyof typeof ATTRIBUTES] !== "text" ? "number" : "text";
}

export function operatorsOf(entity: Entity, key: string): Operator[] {
  const kind = kindOf(entity, key);
  if (kind === "number") return ["=", "!=", "<", "<=", ">", ">=", "is set", "is not set"];
  return kind === "either" ? [...OPERATORS] : ["=", "!=", "contains", "is one of", "is set", "is not set"];
}

/** What a form shows of a comparison. What it has no words for (`not in`, other patterns) is shown as text only. */
export function formOf(one: Comparison): { operator: Operator; value: string } | null {
  if (one.kind === "compare") return { operator: one.op, value: isMoment(one.entity, one.key) && typeof one.value === "number" ? momentText(one.value) : String(one.value) };
  if (one.kind === "null") return { operator: one.not ? "is set" : "is not set", value: "" };
  if (one.kind === "in") {
    const value = one.values.join(", ");
    return one.not || listOf(one.entity, one.key, value).join("\n") !== one.values.join("\n") ? null : { operator: "is one of", value };
  }
  const inner = /^%((?:[^%_\\]|\\[%_\\])*)%$/.exec(one.pattern);
  return one.caseless && inner ? { operator: "contains", value: inner[1]!.replace(/\\(.)/g, "$1") } : null;
}

export const isMoment = (entity: Entity, key: string): boolean => entity === "attributes" && ATTRIBUTES[key as keyof typeof ATTRIBUTES] === "moment";
const DAY_MS = 86_400_000;

/** Unix milliseconds as people write them, in UTC: 2026-01-31, or 2026-01-31T09:30Z. As the number where no date is so. */
function momentText(ms: number): string {
  if (!Number.isInteger(ms) || ms < 0 || ms > 253_402_300_799_999) return String(ms);
  const iso = new Date(ms).toISOString();
  return ms % DAY_MS === 0 ? iso.slice(0, 10) : ms % 60_000 === 0 ? `${iso.slice(0, 16)}Z` : iso;
}

/** null: no date. Without a zone it is in UTC, like the server's. */
function momentOf(text: string): number | null {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?\s*(?:Z|UTC)?$/i.exec(text);
  const ms = match ? Date.parse(`${match[1]}T${match[2] ?? "00:00"}Z`) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A number where the name holds numbers, or could and looks like one. What is half typed is 0, what is no finite number keeps its name. */
function cellOf(entity: Entity, key: string, text: string): string | number {
  const kind = kindOf(entity, key);
  const plain = text.trim();
  if (kind === "text" || (kind === "either" && !(DECIMAL.test(plain) && Number.isFinite(Number(plain))))) return text;
  if (isMoney(entity, key)) return AMOUNT.test(plain) ? plain : "0";
  if (isMoment(entity, key)) return momentOf(plain) ?? (Number(plain) || 0);
  if (/^[+-]?nan$/i.test(plain)) return Number.NaN;
  if (/^[+-]?inf(?:inity)?$/i.test(plain)) return plain.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(plain) || 0;
}

/** What stands between commas. Nothing after the last one: the next value is being typed. */
function listOf(entity: Entity, key: string, text: string): (string | number)[] {
  const parts = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  return (parts.length > 0 ? parts : [""]).map((part) => cellOf(entity, key, part));
}

/** The comparison that a form's row means. */
export function comparisonOf(entity: Entity, key: string, operator: Operator, value: string): Comparison {
  if (operator === "is set" || operator === "is not set") return { kind: "null", entity, key, not: operator === "is set" };
  if (operator === "contains") return { kind: "like", entity, key, caseless: true, pattern: `%${value.replace(/[%_\\]/g, "\\$&")}%` };
  if (operator === "is one of") return { kind: "in", entity, key, not: false, values: listOf(entity, key, value) };
  return { kind: "compare", entity, key, op: operator, value: cellOf(entity, key, value) };
}

/** Narrows a filter to one group's runs. */
export function narrowTo(text: string, by: string, value: string | null): string {
  const colon = by.indexOf(":");
  const [entity, key]: [Entity, string] = colon > 0 ? [by.startsWith("param") ? "params" : "tags", by.slice(colon + 1)] : ["attributes", by];
  const reading = readFilter(text);
  const one: Filter = value === null ? { kind: "null", entity, key, not: false } : { kind: "compare", entity, key, op: "=", value };
  if (!reading.ok) return writeFilter({ kind: "and", items: [one] });
  return writeFilter(reading.root.kind === "and" ? addAt(reading.root, [], one) : { kind: "and", items: [reading.root, one] });
}
