import { and, asc, eq, inArray } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { accelerators, nodes } from "../../../db/schema/clusters.ts";
import { attempts } from "../../../db/schema/experiments.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import { heldAccelerators } from "../../../domain/experiments/held-accelerators.ts";
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
/** Accelerators drawn one by one; of more, a chart says their mean, between the least and the greatest. */
const MAX_ACCELERATORS = 64;
/** More than one query can name. */
const MAX_SUBJECTS = 10_000;

/**
 * What the machine measured while an attempt (all of them when none is named) was on it: its own cores and memory, and the
 * accelerators it held. Reduced in SQL to at most `buckets` points a series.
 */
export async function readSystemSeries(db: DbOrTx, grant: Grant, ask: ReadSystemSeries, now: number): Promise<SystemSeries[]> {
  const run = await getVisibleRun(db, grant, ask.id);
  const tries = await db
    .select({ id: attempts.id, clusterId: attempts.clusterId, nodeNames: attempts.nodeNames, acceleratorIndexes: attempts.acceleratorIndexes, gpus: attempts.gpus, startedAt: attempts.startedAt, assignedAt: attempts.assignedAt, endedAt: attempts.endedAt })
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
  const { wanted, means } = await subjectsOf(db, tries);
  const found = new Map<string, SystemSeries>();
  for (const row of await reduceTelemetry(db, wanted, range, ask.buckets, { means })) {
    const name = row.label ? `${row.key} ${row.label}` : row.key;
    const entry = found.get(name) ?? { key: name, unit: UNITS[row.key] ?? "", series: { key: name, points: [], nonFinite: 0, total: 0 } };
    entry.series.total += row.total;
    entry.series.nonFinite += row.total - row.count;
    if (row.count > 0) entry.series.points.push({ x: outer(row.x!), min: row.min!, max: row.max!, last: row.label === MEAN ? row.mean! : row.last!, count: row.count });
    found.set(name, entry);
  }
  return [...found.values()];
}

type Try = { id: string; clusterId: string; nodeNames: string[]; acceleratorIndexes: number[]; gpus: number; startedAt: Date | null; assignedAt: Date; endedAt: Date | null };
const MEAN = "mean of all";

/** The attempts themselves and what they held; so many accelerators that only their mean is drawn share one label. */
async function subjectsOf(db: DbOrTx, tries: readonly Try[]): Promise<{ wanted: Subject[]; means: boolean }> {
  const indexes = await indexesByNode(db, tries);
  const held = tries.map((one) => ({ one, ids: heldAccelerators(one, (node) => indexes.get(`${one.clusterId} ${node}`) ?? []) }));
  const means = new Set(held.flatMap(({ one, ids }) => ids.map((id) => `${one.clusterId} ${id}`))).size > MAX_ACCELERATORS;
  const wanted = held.flatMap(({ one, ids }): Subject[] => {
    const span = { clusterId: one.clusterId, from: (one.startedAt ?? one.assignedAt).getTime(), to: one.endedAt?.getTime() ?? Number.MAX_SAFE_INTEGER };
    return [{ ...span, subject: "attempt", subjectId: one.id, label: "" }, ...ids.map((id): Subject => ({ ...span, subject: "accelerator", subjectId: id, label: means ? MEAN : id }))];
  });
  return { wanted: wanted.slice(0, MAX_SUBJECTS), means };
}

/** Indexes of all accelerators of each node that the attempts were on, by cluster and node. */
async function indexesByNode(db: DbOrTx, tries: readonly Try[]): Promise<Map<string, number[]>> {
  const names = [...new Set(tries.flatMap(({ nodeNames }) => nodeNames))];
  if (names.length === 0) return new Map();
  const rows = await db
    .select({ clusterId: nodes.clusterId, node: nodes.name, index: accelerators.index })
    .from(accelerators)
    .innerJoin(nodes, eq(nodes.id, accelerators.nodeId))
    .where(and(inArray(nodes.clusterId, [...new Set(tries.map(({ clusterId }) => clusterId))]), inArray(nodes.name, names), eq(accelerators.present, true)))
    .orderBy(asc(accelerators.index));
  return new Map([...Map.groupBy(rows, ({ clusterId, node }) => `${clusterId} ${node}`)].map(([key, own]) => [key, own.map(({ index }) => index)]));
}
