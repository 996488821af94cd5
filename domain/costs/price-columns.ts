/** Columns of a price book as a file, which may be changed and brought back. */
export const PRICE_COLUMNS = ["kind", "cluster", "model", "class", "valid_from", "unit_price", "currency", "note"] as const;
export type PriceColumn = (typeof PRICE_COLUMNS)[number];
export const MOST_PRICE_LINES = 500;

export interface PriceImport {
  /** Lines that the price book does not have yet. */
  fresh: number;
  /** Lines that say what is there already. */
  present: number;
  /** Null where nothing was added. */
  version: number | null;
}
