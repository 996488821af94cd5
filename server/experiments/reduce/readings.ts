import type { ChartRow } from "../metrics/rows.ts";
import type { Part } from "./reductions.ts";

/** Lines of a chart that are read at once. A statement gives ChartRows, and as `run_id` whose each is. */
export interface Reading<Statement> {
  lines: { id: string; run: string; began: number }[];
  points: Statement;
  /** Of the metric on the x axis, where it is one. */
  across: Statement | null;
}
export type RunRow = ChartRow & { run_id: string };

/** Reads and hands over part by part, in order; the next is read from the database while this one is reduced. */
export async function readParts<Statement>(readings: readonly Reading<Statement>[], ask: (statement: Statement) => Promise<readonly RunRow[]>, add: (part: Part) => void): Promise<void> {
  const read = ({ points, across }: Reading<Statement>) => {
    const both = Promise.all([ask(points), across && ask(across)]);
    both.catch(() => {}); // told where it is waited for
    return both;
  };
  let next = readings[0] && read(readings[0]);
  for (const [at, { lines }] of readings.entries()) {
    const [points, across] = (await next)!;
    const after = readings[at + 1];
    next = after && read(after);
    const [byRun, acrossByRun] = [Map.groupBy(points, ({ run_id }) => run_id), across && Map.groupBy(across, ({ run_id }) => run_id)];
    for (const { id, run, began } of lines) add({ id, began, points: byRun.get(run) ?? [], across: acrossByRun && (acrossByRun.get(run) ?? []) });
  }
}
