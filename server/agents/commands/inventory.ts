import { and, eq, inArray, sql } from "drizzle-orm";
import type { NodeReport } from "../../../agent/protocol/messages.ts";
import type { Db, Tx } from "../../../db/client.ts";
import { accelerators, clusterEvents, clusters, nodes } from "../../../db/schema/clusters.ts";
import { costClocks } from "../../../db/schema/costs.ts";
import { newId } from "../../../db/schema/columns.ts";
import { milliOf } from "../../../domain/costs/metering.ts";
import { formatMib } from "../../../domain/shared/format.ts";
import type { Bus } from "../../bus.ts";
import { followCapacity } from "../../costs/commands/capacity.ts";
import { failpoint } from "../../failpoint.ts";
import type { AgentIdentity } from "../authenticate.ts";

type NodeRow = typeof nodes.$inferSelect;
type Host = Omit<NodeReport, "state"> & Pick<NodeRow, "state">;
type GpuRow = typeof accelerators.$inferSelect;
/** Thousandths of a GPU that nobody has cut. */
const WHOLE = milliOf.accelerators(1);
type Note = { kind: string; subject: string; message: string; evidence?: unknown };

/**
 * The nodes and accelerators of a cluster become what its agent reports, whole. Only rows that differ are written.
 * A node that is no longer reported is `gone`, never deleted: history points to it.
 */
export async function applyInventory(db: Db, bus: Bus, agent: AgentIdentity, reports: NodeReport[]): Promise<void> {
  const { orgId, clusterId } = agent;
  const reported = reports.map(hostOf);
  const changed = await db.transaction(async (tx) => {
    await tx.select({ id: clusters.id }).from(clusters).where(eq(clusters.id, clusterId)).for("no key update"); // one report at a time
    const known = await tx.select().from(nodes).where(eq(nodes.clusterId, clusterId));
    const gpus = await tx.select().from(accelerators).where(eq(accelerators.clusterId, clusterId));
    const notes: Note[] = [];
    const nodesChanged = await writeNodes(tx, agent, known, reported, notes);
    const ids = new Map((await tx.select({ id: nodes.id, name: nodes.name }).from(nodes).where(eq(nodes.clusterId, clusterId))).map((row) => [row.name, row.id]));
    const gpusChanged = await writeGpus(tx, agent, gpus, reported, ids, notes);
    if (nodesChanged || gpusChanged || !(await isMetered(tx, clusterId))) await followCapacity(tx, agent);
    if (notes.length > 0) await tx.insert(clusterEvents).values(notes.slice(0, 500).map((each) => ({ orgId, clusterId, actor: "agent", ...each })));
    failpoint("server.sync.before-inventory-commit");
    return nodesChanged || gpusChanged;
  });
  failpoint("server.sync.after-inventory-commit");
  if (changed) await bus.publishNow([{ orgId, topic: "cluster", id: clusterId }, { orgId, topic: "queue", id: orgId }]);
}

/** Of an elastic cluster: what its scheduler switched off takes work, and costs nothing until it is started for it. */
function hostOf(report: NodeReport): Host {
  const isOff = report.state === "up" && report.scheduler?.state.split("+").includes("POWERED_DOWN");
  return isOff ? { ...report, state: "off", stateReason: "Its scheduler switched it off, and starts it for a job." } : report;
}

/** A cluster from before there were costs begins with its next report. */
async function isMetered(tx: Tx, clusterId: string): Promise<boolean> {
  const [row] = await tx.select({ id: costClocks.clusterId }).from(costClocks).where(eq(costClocks.clusterId, clusterId));
  return row !== undefined;
}

async function writeNodes(tx: Tx, { orgId, clusterId }: AgentIdentity, known: NodeRow[], reported: Host[], notes: Note[]): Promise<boolean> {
  const before = new Map(known.map((row) => [row.name, row]));
  const rows = [...new Map(reported.map((report) => [report.name, report])).values()].filter((report) => differs(before.get(report.name), report));
  const present = new Set(reported.map(({ name }) => name));
  const gone = known.filter((row) => row.state !== "gone" && !present.has(row.name));
  for (const report of rows) {
    const old = before.get(report.name);
    if (!old) notes.push({ kind: "node.added", subject: report.name, message: `${report.name} joined with ${report.cpus} cores and ${formatMib(report.memoryMib)}.` });
    else if (old.state !== report.state) notes.push({ kind: `node.${report.state}`, subject: report.name, message: `${report.name} is ${report.state}${report.stateReason ? `: ${report.stateReason}` : ""}.` });
  }
  for (const { name } of gone) notes.push({ kind: "node.gone", subject: name, message: `${name} is no longer reported.` });
  for (let at = 0; at < rows.length; at += 500) {
    await tx
      .insert(nodes)
      .values(rows.slice(at, at + 500).map(({ name, cpus, memoryMib, diskMib, state, stateReason, scheduler }) => ({ id: newId("node"), orgId, clusterId, name, cpus, memoryMib, diskMib, state, stateReason, ...wordOf(scheduler), seenAt: sql`now()` })))
      .onConflictDoUpdate({ target: [nodes.clusterId, nodes.name], set: { cpus: sql`excluded.cpus`, memoryMib: sql`excluded.memory_mib`, diskMib: sql`excluded.disk_mib`, state: sql`excluded.state`, stateReason: sql`excluded.state_reason`, partitions: sql`excluded.partitions`, features: sql`excluded.features`, reserved: sql`excluded.reserved`, topology: sql`excluded.topology`, seenAt: sql`now()`, updatedAt: sql`now()` } });
  }
  if (gone.length > 0) await tx.update(nodes).set({ state: "gone", stateReason: "It is no longer reported." }).where(inArray(nodes.id, gone.map(({ id }) => id)));
  return rows.length > 0 || gone.length > 0;
}

const wordOf = (scheduler: NodeReport["scheduler"]) => ({ partitions: scheduler?.partitions ?? null, features: scheduler?.features ?? null, reserved: scheduler?.reserved ?? false, topology: scheduler?.topology ?? null });
const isSame = (one: string[] | null, other: string[] | null) => one?.join("\n") === other?.join("\n");

function differs(row: NodeRow | undefined, report: Host): boolean {
  const { partitions, features, reserved, topology } = wordOf(report.scheduler);
  return !row || !isSame(row.partitions, partitions) || !isSame(row.features, features) || row.reserved !== reserved || !isSame(row.topology, topology) || row.cpus !== report.cpus || row.memoryMib !== report.memoryMib || row.diskMib !== report.diskMib || row.state !== report.state || row.stateReason !== report.stateReason;
}

const cardOf = ({ part, ...gpu }: Host["accelerators"][number]) => ({ ...gpu, parentUuid: part?.of ?? null, milli: part?.milli ?? WHOLE, shares: gpu.shares ?? null });

async function writeGpus(tx: Tx, { orgId, clusterId }: AgentIdentity, known: GpuRow[], reported: Host[], nodeIds: Map<string, string>, notes: Note[]): Promise<boolean> {
  const before = new Map(known.map((row) => [`${row.nodeId} ${row.index}`, row]));
  const present = new Set<string>();
  const rows: (typeof accelerators.$inferInsert)[] = [];
  for (const node of reported) {
    const nodeId = nodeIds.get(node.name)!;
    for (const gpu of node.accelerators.map(cardOf)) {
      const key = `${nodeId} ${gpu.index}`;
      const old = before.get(key);
      if (present.has(key)) continue;
      present.add(key);
      if (old?.present && (Object.keys(gpu) as (keyof typeof gpu)[]).every((field) => old[field] === gpu[field])) continue;
      if (old ? old.health !== gpu.health : gpu.health !== "ok") notes.push({ kind: `gpu.${gpu.health}`, subject: `${node.name}/${gpu.index}`, message: `GPU ${gpu.index} of ${node.name} is ${gpu.health}${gpu.healthReason ? `: ${gpu.healthReason}` : ""}.` });
      rows.push({ id: newId("accelerator"), orgId, clusterId, nodeId, present: true, ...gpu });
    }
  }
  for (let at = 0; at < rows.length; at += 500) {
    await tx
      .insert(accelerators)
      .values(rows.slice(at, at + 500))
      .onConflictDoUpdate({ target: [accelerators.nodeId, accelerators.index], set: { uuid: sql`excluded.uuid`, model: sql`excluded.model`, memoryMib: sql`excluded.memory_mib`, health: sql`excluded.health`, healthReason: sql`excluded.health_reason`, attemptId: sql`excluded.attempt_id`, parentUuid: sql`excluded.parent_uuid`, milli: sql`excluded.milli`, shares: sql`excluded.shares`, present: true, updatedAt: sql`now()` } });
  }
  const gone = known.filter((row) => row.present && !present.has(`${row.nodeId} ${row.index}`)).map(({ id }) => id);
  if (gone.length > 0) await tx.update(accelerators).set({ present: false, attemptId: null }).where(and(eq(accelerators.clusterId, clusterId), inArray(accelerators.id, gone)));
  return rows.length > 0 || gone.length > 0;
}
