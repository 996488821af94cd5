import { z } from "zod";

export const EXPORT_FORMATS = ["csv", "parquet"] as const;
export const ExportFormat = z.enum(EXPORT_FORMATS, "Expected csv or parquet.");
export type ExportFormat = z.output<typeof ExportFormat>;
export type ExportCell = string | number | Date | null;

/** A line of CSV after RFC 4180; a cell that a spreadsheet would run as a formula, East Asian ones by their wide signs too, is led by an apostrophe. */
export function csvLine(cells: readonly ExportCell[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(cell: ExportCell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  if (cell instanceof Date) return cell.toISOString();
  const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(cell) && !Number.isFinite(Number(cell)) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
