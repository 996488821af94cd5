import type { Db } from "../client.ts";
import type { Factories } from "../factories.ts";
import { accelerators, nodes, telemetry } from "../schema/clusters.ts";
import type { Dice } from "./dice.ts";
import { insertAll } from "./insert-all.ts";

const HOUR = 3_600_000;
const SAMPLE_MS = 60_000;
const FLEET = [
  { name: "Oslo", region: "eu-north", prefix: "osl", nodes: 96, gpus: 8, model: "NVIDIA H100 80GB HBM3", memory: 81_559, cpus: 96, memoryMib: 1_048_576 },
  { name: "Rented A100", region: "us-east", prefix: "ash", nodes: 64, gpus: 8, model: "NVIDIA A100-SXM4-80GB", memory: 81_920, cpus: 64, memoryMib: 524_288 },
  { name: "Lab", region: "eu-north", prefix: "lab", nodes: 40, gpus: 4, model: "NVIDIA L40S", memory: 46_068, cpus: 32, memoryMib: 262_144 },
] as const;

/** 200 nodes in three clusters, with a day of telemetry. Their agents are not there: the console will say so. */
export async function seedFleet(db: Db, make: Factories, dice: Dice, org: { id: string; slug: string }, now: number) {
  const clusters = [];
  for (const plan of FLEET) {
    const cluster = await make.cluster(org, { name: plan.name, region: plan.region, seenAt: new Date(now), createdAt: new Date(now - 90 * 24 * HOUR) });
    const rows = Array.from({ length: plan.nodes }, (_, at) => ({
      id: dice.id("node", now - 90 * 24 * HOUR), orgId: org.id, clusterId: cluster.id, name: `${plan.prefix}-${String(at + 1).padStart(3, "0")}`, cpus: plan.cpus, memoryMib: plan.memoryMib, diskMib: 7_000_000, state: "up" as const, seenAt: new Date(now),
    }));
    await insertAll(db, nodes, rows);
    await db.insert(accelerators).values(
      rows.flatMap((node) => Array.from({ length: plan.gpus }, (_, index) => ({ orgId: org.id, clusterId: cluster.id, nodeId: node.id, index, uuid: `GPU-${node.name}-${index}`, model: plan.model, memoryMib: plan.memory, health: dice.next() < 0.004 ? ("degraded" as const) : ("ok" as const) }))),
    );
    await insertAll(db, telemetry, rows.flatMap((node) => dayOfTelemetry(dice, cluster.id, node, now)));
    clusters.push({ ...cluster, nodeNames: rows.map(({ name }) => name), gpus: plan.gpus, cpus: plan.cpus, model: plan.model });
  }
  return clusters;
}

/** A row per hour and series: load that rises and falls with the working day. */
function dayOfTelemetry(dice: Dice, clusterId: string, node: { name: string; cpus: number; memoryMib: number }, now: number) {
  const base = dice.between(0.2, 0.9);
  return Array.from({ length: 24 }, (_, hour) => now - (24 - hour) * HOUR).flatMap((from) => {
    const times = Array.from({ length: HOUR / SAMPLE_MS }, (_, at) => from + at * SAMPLE_MS);
    const busy = (at: number) => Math.min(1, Math.max(0.01, base + 0.15 * Math.sin((at / HOUR / 24) * 2 * Math.PI) + dice.between(-0.05, 0.05)));
    const series = { cpu: times.map((at) => busy(at) * node.cpus), memory: times.map((at) => (0.2 + 0.5 * busy(at)) * node.memoryMib) };
    return Object.entries(series).map(([key, values]) => ({ clusterId, subject: "node" as const, subjectId: node.name, key, at: new Date(from), times, values }));
  });
}
