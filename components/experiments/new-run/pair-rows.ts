/** A row of a list of names and values; `id` keeps its place while its name is typed. */
export interface PairRow {
  id: number;
  key: string;
  value: string;
  /** What stands in the spec, until this row's own value is typed over: the quoted "1" beside another row's change stays a text. */
  kept?: unknown;
}

export function toRows(record: Record<string, unknown> | undefined): PairRow[] {
  return Object.entries(record ?? {}).map(([key, value], at) => ({ id: at + 1, key, kept: value, value: value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value) }));
}

/** Rows that have a name, the first of a repeated one. undefined when there is none. @param typed `0.1` becomes a number, `true` a yes. */
export function fromRows(rows: readonly PairRow[], typed: boolean): Record<string, unknown> | undefined {
  const record: Record<string, unknown> = {};
  for (const { key, value, kept } of rows) if (key !== "" && !Object.hasOwn(record, key)) Object.defineProperty(record, key, { value: kept !== undefined ? kept : typed ? typedValue(value) : value, enumerable: true, configurable: true, writable: true });
  return Object.keys(record).length > 0 ? record : undefined;
}

/** A number only where nothing of what was typed is lost: `007` and `1.10` stay text. */
export function typedValue(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  if (!/^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return text;
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  return String(value) === text || /e/i.test(text) ? value : text;
}
