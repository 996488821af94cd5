import { type Comparison, type Filter, isGroup, isMoney, type Order } from "./ast.ts";

/** A filter as text that parses to the same filter. */
export function printFilter(filter: Filter | null): string {
  if (!filter) return "";
  if (!isGroup(filter)) return printComparison(filter);
  return filter.items.map((item) => (isGroup(item) ? `(${printFilter(item)})` : printFilter(item))).join(` ${filter.kind} `);
}

const PLAIN = /^[A-Za-z_][\w./-]*$/;
const printName = ({ entity, key }: Pick<Order, "entity" | "key">) => (entity === "attributes" ? key : `${entity}.${PLAIN.test(key) ? key : `\`${escaped(key, "`")}\``}`);

const escaped = (text: string, quote: string) => text.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`);
const printText = (text: string) => `'${escaped(text, "'")}'`;

function printValue(value: string | number): string {
  if (typeof value === "string") return printText(value);
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : String(value);
}

function printComparison(one: Comparison): string {
  const name = printName(one);
  const printed = (value: string | number) => (isMoney(one.entity, one.key) ? String(value) : printValue(value));
  if (one.kind === "compare") return `${name} ${one.op} ${printed(one.value)}`;
  if (one.kind === "like") return `${name} ${one.caseless ? "ilike" : "like"} ${printText(one.pattern)}`;
  if (one.kind === "in") return `${name} ${one.not ? "not in" : "in"} (${one.values.map(printed).join(", ")})`;
  return `${name} is ${one.not ? "not null" : "null"}`;
}

export const printOrder = (order: Order): string => `${printName(order)} ${order.descending ? "desc" : "asc"}`;
