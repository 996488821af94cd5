import { clients } from "../../db/client.ts";
import { periodOf } from "../../domain/costs/ledger.ts";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { spanOf } from "../../domain/costs/period.ts";
import { testWorld } from "../experiments/testing.ts";
import { followCapacity } from "./commands/capacity.ts";
import { postDirtyHours } from "./commands/posting.ts";
import { ingestUsage } from "./commands/usage-ingest.ts";

/** A world whose one node of eight cores was metered in the last ten hours of the month before this one, at 1 USD a core-hour. */
export async function meteredWorld() {
  const world = await testWorld();
  const last = periodOf(spanOf(periodOf(Date.now())).from - 1);
  const start = spanOf(last).to - 10 * HOUR_MS;
  const second = await world.makeUser(world.org.id, world.org.slug, "Bea Billing", [["billing", "org", world.org.id]]);
  const cluster = await world.makeCluster(world.org.id, "berlin", { cpus: 8 });
  async function metered(clusterId: string): Promise<void> {
    await world.db.transaction((tx) => followCapacity(tx, { orgId: world.org.id, clusterId }));
    await world.sql`update capacity_intervals set from_at = ${new Date(start)} where cluster_id = ${clusterId}`;
    await world.sql`update cost_clocks set complete_to = ${new Date(spanOf(last).to)} where cluster_id = ${clusterId}`;
  }
  await metered(cluster.id);

  /** Another node of that time, on a cluster whose capacity is reserved: four cores and two H100. */
  async function reserved(): Promise<{ id: string }> {
    const tokyo = await world.makeCluster(world.org.id, "tokyo", { cpus: 4, gpus: 2 });
    await world.sql`update clusters set capacity_class = 'reserved' where id = ${tokyo.id}`;
    await metered(tokyo.id);
    return tokyo;
  }

  /** Two cores and a GiB of a run, and one accelerator where it is said which, from a moment on for so long. Answers the attempt. */
  async function ran(projectId: string, from: number, milliseconds: number, on: { id: string; accelerators?: string[] } = cluster): Promise<string> {
    const run = await world.makeRun({ projectId });
    const attempt = await world.makeAttempt(run, on.id, { status: "running" });
    const accelerators = on.accelerators ?? [];
    const events = [{ kind: "open" as const, at: from, holds: [{ node: "node-1", accelerators, gpus: accelerators.length, cpus: 2, memoryMib: 1024 }] }, { kind: "close" as const, at: from + milliseconds, lifeMs: milliseconds, evidence: "measured" as const }];
    await ingestUsage(world.sql, { orgId: world.org.id, clusterId: on.id }, { hostAheadMs: 0, attempts: [{ attemptId: attempt.id, fence: String(attempt.fence), from: 0, events, aliveAt: null }] }, Date.now());
    return attempt.id;
  }
  async function book(): Promise<void> {
    while ((await postDirtyHours(world, Date.now())).hours > 0);
  }
  const price = (unitPrice: string) => world.owner.api.costs.addPrice({ kind: "cpu", unitPrice, validFrom: "2020-01-01T00:00:00Z" });
  await price("1");
  return {
    ...world, second, cluster, last, start, reserved, ran, book, price,
    close: async () => {
      await clients().close();
      await world.close();
    },
  };
}
export type MeteredWorld = Awaited<ReturnType<typeof meteredWorld>>;
