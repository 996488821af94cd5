import type { ChartRow } from "../metrics/rows.ts";
import type { Asked, Kind, Part, Task } from "./reductions.ts";

/** To a thread: one reduction is begun, fed and finished under one number; `drop` lets go of it. */
export type ToThread = { id: number } & ({ does: "begin"; task: Task } | { does: "add"; parts: ListedPart[] } | { does: "finish" } | { does: "drop" });

/** Back from it: each of those but `drop` is answered, in order. */
export type FromThread = { id: number } & ({ answer?: Asked[Kind]["answer"] } | { failed: string });

/** A thousand rows travel as three lists: as many small objects take longer than the work itself. */
interface ListedRows {
  packed: (string | null)[];
  outlined: boolean[];
  /** Those that are not packed, in order. */
  plain: ChartRow[];
}
type ListedPart = Pick<Part, "id" | "began"> & { points: ListedRows; across: ListedRows | null };

const list = (rows: readonly ChartRow[]): ListedRows => ({
  packed: rows.map(({ packed }) => packed),
  outlined: rows.map(({ outlined }) => outlined),
  plain: rows.filter(({ packed }) => packed === null).map(({ steps, times, values }) => ({ steps, times, values, packed: null, outlined: false })),
});

function unlist({ packed, outlined, plain }: ListedRows): ChartRow[] {
  let used = 0;
  return packed.map((bytes, at) => (bytes === null ? plain[used++]! : { steps: null, times: null, values: null, packed: bytes, outlined: outlined[at]! }));
}

export const listParts = (parts: readonly Part[]): ListedPart[] => parts.map(({ id, began, points, across }) => ({ id, began, points: list(points), across: across && list(across) }));
export const unlistParts = (parts: readonly ListedPart[]): Part[] => parts.map(({ id, began, points, across }) => ({ id, began, points: unlist(points), across: across && unlist(across) }));
