import type { ValueColumn } from "./inputs.ts"; // the type only: its schemas would bring zod to the page
import type { ComparedDiff, ComparedValues } from "./view.ts";

/** Answers say values by place. Asked for other runs or columns, the answer before says nothing until its values are put in theirs. */

export interface AskedValues {
  ids: readonly string[];
  columns: readonly ValueColumn[];
}

const nameOf = (column: ValueColumn): string => `${column.kind === "metric" ? (column.of ?? "last") : ""} ${column.kind} ${column.key}`;

/** Where each of `now` stands in `before`; -1 where it is new. */
const placesOf = (before: readonly string[], now: readonly string[]): number[] => now.map((one) => before.indexOf(one));

/** @returns the values of these runs and columns; undefined where the answer before lacks one of them. */
export function relayValues(values: ComparedValues, before: AskedValues, now: AskedValues): ComparedValues | undefined {
  const rows = placesOf(before.ids, now.ids);
  const columns = placesOf(before.columns.map(nameOf), now.columns.map(nameOf));
  if (rows.includes(-1) || columns.includes(-1)) return undefined;
  return rows.map((row) => columns.map((column) => values[row]?.[column] ?? null));
}

/** The cells of one row under other columns; null under those that are new. */
export function relayCells<Cell>(cells: readonly (Cell | null)[], before: readonly ValueColumn[], now: readonly ValueColumn[]): (Cell | null)[] {
  return placesOf(before.map(nameOf), now.map(nameOf)).map((place) => cells[place] ?? null);
}

export interface AskedDiff {
  ids: readonly string[];
  part: string;
  all?: boolean | undefined;
}

/** @returns the same rows of fewer runs, or of the same in another order; undefined where a run is new, or something else was asked. */
export function relayDiff(diff: ComparedDiff, before: AskedDiff, now: AskedDiff): ComparedDiff | undefined {
  const places = placesOf(before.ids, now.ids);
  if (before.part !== now.part || (before.all ?? false) !== (now.all ?? false) || places.includes(-1)) return undefined;
  const rows = diff.rows.map(({ key, values }) => {
    const mine = places.map((place) => values[place] ?? null);
    return { key, values: mine, differs: mine.some((value) => value !== mine[0]) };
  });
  return { ...diff, rows: now.all ? rows : rows.filter(({ differs }) => differs) };
}
