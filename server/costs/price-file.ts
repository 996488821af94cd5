import { CsvError, parse } from "csv-parse/sync";
import type { AddPrice } from "../../domain/costs/inputs.ts";
import { MOST_PRICE_LINES, PRICE_COLUMNS, type PriceColumn } from "../../domain/costs/price-columns.ts";
import { type PriceFileContext, priceOfRow } from "../../domain/costs/price-file.ts";
import { DomainError, type FieldIssue } from "../../domain/shared/errors.ts";
import type { FileColumn } from "../table-file.ts";

export interface PriceFileRow {
  kind: string;
  cluster: string | null;
  model: string | null;
  class: string | null;
  validFrom: Date;
  unitPrice: string | null;
  currency: string | null;
  note: string | null;
}
const CELLS: Record<PriceColumn, (row: PriceFileRow) => string | null> = { kind: (row) => row.kind, cluster: (row) => row.cluster, model: (row) => row.model, class: (row) => row.class, valid_from: (row) => row.validFrom.toISOString(), unit_price: (row) => row.unitPrice, currency: (row) => row.currency, note: (row) => row.note };
export const PRICE_FILE_COLUMNS: readonly FileColumn<PriceFileRow>[] = PRICE_COLUMNS.map((name) => ({ name, type: "STRING", cell: CELLS[name] }));

/** @throws DomainError "invalid" that names every bad line and its column. */
export function readPriceFile(csv: string, context: PriceFileContext): AddPrice[] {
  const rows = recordsOf(csv);
  const issues: FieldIssue[] = [];
  const lines: AddPrice[] = [];
  for (const [at, row] of rows.entries()) {
    const read = priceOfRow(row, context);
    if ("column" in read) issues.push({ field: `line ${at + 2}, ${read.column}`, message: read.message });
    else lines.push(read);
  }
  if (issues.length > 0) throw new DomainError("invalid", `${issues[0]!.field}: ${issues[0]!.message}`, { issues: issues.slice(0, 50) });
  return lines;
}

function recordsOf(csv: string): Partial<Record<PriceColumn, string>>[] {
  const refuse = (message: string): never => {
    throw new DomainError("invalid", message, { issues: [{ field: "csv", message }] });
  };
  try {
    const rows = parse<Partial<Record<PriceColumn, string>>>(csv, {
      bom: true, trim: true, skip_empty_lines: true, relax_column_count: false,
      columns: (head: string[]) => {
        const names = head.map((name) => name.toLowerCase());
        const unknown = names.find((name) => !(PRICE_COLUMNS as readonly string[]).includes(name));
        if (unknown !== undefined) refuse(`There is no column ${unknown.slice(0, 40)}. Known: ${PRICE_COLUMNS.join(", ")}.`);
        const missing = (["kind", "valid_from", "unit_price"] as const).find((name) => !names.includes(name));
        if (missing) refuse(`The column ${missing} is missing.`);
        return names;
      },
    });
    if (rows.length === 0) refuse("The file has no lines below its head.");
    if (rows.length > MOST_PRICE_LINES) refuse(`The file has ${rows.length} lines; at most ${MOST_PRICE_LINES} are taken.`);
    return rows;
  } catch (error) {
    if (error instanceof CsvError) return refuse(`Not a CSV file: ${error.message}.`);
    throw error;
  }
}
