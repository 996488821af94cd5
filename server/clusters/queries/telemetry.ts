import type { DbOrTx } from "../../../db/client.ts";
import type { ReadTelemetry } from "../../../domain/clusters/inputs.ts";
import type { Series } from "../../../domain/experiments/run-view.ts";
import { getCluster } from "../queries.ts";
import { reduceTelemetry } from "./reduce-telemetry.ts";

/** Samples of one node or accelerator, at most `buckets` points a key. */
export async function readTelemetry(db: DbOrTx, orgId: string, ask: ReadTelemetry): Promise<Series[]> {
  await getCluster(db, orgId, ask.id);
  const range = { from: ask.from, to: ask.to - 1 };
  const rows = await reduceTelemetry(db, [{ clusterId: ask.id, subject: ask.subject, subjectId: ask.subjectId, label: "", ...range }], range, ask.buckets, { keys: ask.keys });
  const series = new Map(ask.keys.map((key): [string, Series] => [key, { key, points: [], nonFinite: 0, total: 0 }]));
  for (const { key, total, count, x, last, min, max } of rows) {
    const one = series.get(key)!;
    one.total += total;
    one.nonFinite += total - count;
    if (count > 0) one.points.push({ x: x!, last: last!, min: min!, max: max!, count });
  }
  return [...series.values()];
}
