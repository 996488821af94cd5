import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Stack } from "../chaos/stack.ts";
import { median, say } from "./figures.ts";

/** Moments that Drover notes on a run's way to its start, Unix ms, in their order: two of the database, three of the agent's journal. */
const HOPS = ["its row in the queue", "placed", "told to the agent", "prepared", "about to be handed over"] as const;

const Noted = z.union([z.object({ attemptId: z.string(), acceptedAt: z.number() }), z.object({ at: z.number() })]);

/** When a run passed each of them. `journal`: spec, intent and handle of its attempt, a line each. */
export async function hopsOf({ sql }: Stack, journal: string): Promise<number[]> {
  const lines = readFileSync(journal, "utf8").trim().split("\n").map((line) => Noted.parse(JSON.parse(line)));
  const spec = lines.find((line) => "attemptId" in line)!;
  const [row] = await sql<{ queued: string; placed: string }[]>`
    select extract(epoch from r.queued_at) * 1000 as queued, extract(epoch from a.assigned_at) * 1000 as placed
    from attempts a join runs r on r.id = a.run_id where a.id = ${spec.attemptId}`;
  return [Number(row!.queued), Number(row!.placed), ...lines.map((line) => ("attemptId" in line ? line.acceptedAt : line.at))];
}

/** The median time from each moment to the next. Each journey: when it was submitted, its hops, when it had arrived. */
export function sayHops(journeys: readonly (readonly number[])[], last: string): void {
  for (const [at, name] of [...HOPS, last].entries()) say(`  to ${name}`, median(journeys.map((journey) => journey[at + 1]! - journey[at]!)), "ms");
}
