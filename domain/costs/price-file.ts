import { z } from "zod";
import { noRateWords } from "./exchange.ts";
import { AddPrice } from "./inputs.ts";
import { CAPACITY_CLASSES, RESOURCE_KINDS } from "./metering.ts";
import type { PriceColumn } from "./price-columns.ts";

export const ImportPrices = z.strictObject({
  csv: z.string().min(1, "The file is empty.").max(512 * 1024, "The file is larger than 512 KiB."),
  /** False: only says what it would do. */
  apply: z.boolean(),
});
export type ImportPrices = z.output<typeof ImportPrices>;

const FIELD: Record<string, PriceColumn> = { kind: "kind", clusterId: "cluster", model: "model", capacityClass: "class", validFrom: "valid_from", unitPrice: "unit_price", currency: "currency", note: "note" };
/** Without the apostrophe by which an export keeps a spreadsheet from taking a cell for a formula. */
const orNull = (text: string | undefined) => text?.trim().replace(/^'(?=[=+\-@])/, "") || null;

/** What a file of prices is read with. */
export interface PriceFileContext {
  /** Slug → id. */
  clusters: ReadonlyMap<string, string>;
  /** The organization's own; what a line without one is in. */
  currency: string;
  /** The first day of each other one's rates. */
  ratesSince: ReadonlyMap<string, string>;
}

/** A line of the file as a price. @returns what is wrong, by column. */
export function priceOfRow(row: Partial<Record<PriceColumn, string>>, { clusters, currency: own, ratesSince }: PriceFileContext): AddPrice | { column: PriceColumn; message: string } {
  const cluster = orNull(row.cluster);
  if (cluster && !clusters.has(cluster)) return { column: "cluster", message: `There is no cluster ${cluster}.` };
  const from = row.valid_from?.trim() ?? "";
  const unitPrice = orNull(row.unit_price);
  const currency = orNull(row.currency)?.toUpperCase();
  const parsed = AddPrice.safeParse({
    kind: row.kind?.trim(), clusterId: cluster ? clusters.get(cluster)! : null, model: orNull(row.model), capacityClass: orNull(row.class),
    validFrom: /^\d{4}-\d{2}-\d{2}$/.test(from) ? `${from}T00:00:00Z` : from, unitPrice, currency: unitPrice === null || currency === own ? null : (currency ?? null), ...(orNull(row.note) ? { note: orNull(row.note)! } : {}),
  });
  if (parsed.success) {
    const { currency: foreign, validFrom } = parsed.data;
    const day = new Date(validFrom).toISOString().slice(0, 10);
    if (foreign !== null && !((ratesSince.get(foreign) ?? "~") <= day)) return { column: "currency", message: noRateWords(foreign, day) };
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  const column = FIELD[String(issue!.path[0])] ?? "kind";
  if (issue!.code === "custom") return { column, message: issue!.message };
  const words: Partial<Record<PriceColumn, string>> = { class: `Expected ${CAPACITY_CLASSES.join(", ")}, or nothing.`, kind: `Expected one of ${RESOURCE_KINDS.join(", ")}.`,  valid_from: "Expected a day such as 2026-11-01, or a moment with its zone." };
  return { column, message: words[column] ?? issue!.message };
}
