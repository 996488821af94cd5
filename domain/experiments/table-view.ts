import type { RunRow } from "./run-view.ts";

/** A row with the values of the chosen columns, in their order. */
export interface TableRow extends RunRow {
  cells: (number | string | null)[];
  archived: boolean;
}

export interface TableKeysFound {
  metrics: string[];
  params: string[];
  tags: string[];
  /** How many of the newest runs were looked at. */
  runs: number;
}

export interface TableGroup {
  value: string | null;
  runs: number;
  active: number;
  /** By metric asked for; null where no run of the group has it. */
  metrics: ({ n: number; mean: number; min: number; max: number } | null)[];
  /** Of what the ledger has, an exact sum, and of how many runs; null where none was ever charged for, or nobody asked. */
  cost: { amount: string; n: number; currency: string } | null;
}
