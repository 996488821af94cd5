import { z } from "zod";
import { MAX_COLUMNS, MAX_ORDERS } from "./table-columns.ts";
import { TableSet } from "./table-inputs.ts";

export const EXPORT_FORMATS = ["csv", "parquet"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
export const ExportTable = TableSet.extend({ sorts: z.array(z.string().max(300)).max(MAX_ORDERS).default([]), columns: z.array(z.string().max(300)).min(1).max(MAX_COLUMNS) });
export type ExportTable = z.output<typeof ExportTable>;

/** A line of CSV after RFC 4180; a cell that a spreadsheet would run as a formula is led by an apostrophe. */
export function csvLine(cells: readonly (string | number | Date | null)[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(cell: string | number | Date | null): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  if (cell instanceof Date) return cell.toISOString();
  const safe = /^[=+\-@\t\r]/.test(cell) && !Number.isFinite(Number(cell)) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
