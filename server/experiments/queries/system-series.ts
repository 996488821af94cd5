import { and, asc, eq } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { attempts } from "../../../db/schema/experiments.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import type { ReadSystemSeries } from "../../../domain/experiments/run-inputs.ts";
import type { Series } from "../../../domain/experiments/run-view.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import { reduceTelemetry, type Subject } from "../../clusters/queries/reduce-telemetry.ts";
import { getVisibleRun } from "./visible.ts";

export interface SystemSeries {
  key: string;
  unit: string;
  series: Series;
}

const UNITS: Record<string, string> = { cpu: "cores", memory: "MiB", gpu: "%", gpuMemory: "MiB", temperature: "°C", power: "W", networkIn: "B/s", networkOut: "B/s", disk: "MiB" };
/** Accelerators drawn one by one; a chart of more says nothing. */
const MAX_ACCELERATORS = 64;

/**
 * What the machine measured while an attempt (all of them when none is named) was on it: its own cores and memory, and the
 * accelerators it held. Reduced in SQL to at most `buckets` points a series.
 */
export async function readSystemSeries(db: DbOrTx, grant: Grant, ask: ReadSystemSeries, now: number): Promise<SystemSeries[]> {
  const run = await getVisibleRun(db, grant, ask.id);
  const tries = await db
    .select({ id: attempts.id, clusterId: attempts.clusterId, nodeNames: attempts.nodeNames, indexes: attempts.acceleratorIndexes, startedAt: attempts.startedAt, assignedAt: attempts.assignedAt, endedAt: attempts.endedAt })
    .from(attempts)
    .where(and(eq(attempts.runId, ask.id), ask.attemptId ? eq(attempts.id, ask.attemptId) : undefined))
    .orderBy(asc(attempts.number))
    .limit(500);
  if (ask.attemptId && tries.length === 0) throw notFound();
  if (tries.length === 0) return [];
  const since = ask.x === "relative" ? (run.startedAt ?? tries[0]!.assignedAt).getTime() : 0;
  const inner = (x: number) => (ask.x === "relative" ? x * 1000 + since : x);
  const outer = (x: number) => (ask.x === "relative" ? (x - since) / 1000 : x);
  const began = Math.min(...tries.map((one) => (one.startedAt ?? one.assignedAt).getTime()));
  const ended = Math.max(...tries.map((one) => one.endedAt?.getTime() ?? now));
  const range = { from: Math.max(began, ask.from === undefined ? began : Math.ceil(inner(ask.from))), to: Math.min(ended, ask.to === undefined ? ended : Math.floor(inner(ask.to))) };
  if (range.from > range.to) return [];
  const wanted = tries.flatMap((one) => subjectsOf(one));
  const found = new Map<string, SystemSeries>();
  for (const row of await reduceTelemetry(db, wanted, range, ask.buckets)) {
    const name = row.label ? `${row.key} ${row.label}` : row.key;
    const entry = found.get(name) ?? { key: name, unit: UNITS[row.key] ?? "", series: { key: name, points: [], nonFinite: 0, total: 0 } };
    entry.series.total += row.total;
    entry.series.nonFinite += row.total - row.count;
    if (row.count > 0) entry.series.points.push({ x: outer(row.x!), min: row.min!, max: row.max!, last: row.last!, count: row.count });
    found.set(name, entry);
  }
  return [...found.values()];
}

function subjectsOf(one: { id: string; clusterId: string; nodeNames: string[]; indexes: number[]; startedAt: Date | null; assignedAt: Date; endedAt: Date | null }): Subject[] {
  const held = { clusterId: one.clusterId, from: (one.startedAt ?? one.assignedAt).getTime(), to: one.endedAt?.getTime() ?? Number.MAX_SAFE_INTEGER };
  const node = one.nodeNames.length === 1 ? one.nodeNames[0]! : null;
  const gpus = node === null ? [] : one.indexes.slice(0, MAX_ACCELERATORS);
  return [
    { ...held, subject: "attempt", subjectId: one.id, label: "" },
    ...gpus.map((index): Subject => ({ ...held, subject: "accelerator", subjectId: `${node}/${index}`, label: `${node}/${index}` })),
  ];
}
