import { generateKeyPairSync } from "node:crypto";
import { eq } from "drizzle-orm";
import { HOUR_MS, startOfHour } from "../domain/costs/metering.ts";
import { compareWitnesses, type WitnessedPart, witnessWords } from "../domain/costs/witness.ts";
import type { DbOrTx } from "./client.ts";
import type { Org, Values } from "./factories.ts";
import { budgets } from "./schema/budgets.ts";
import { capacityIntervals, clusterWitnesses, costClocks, costSettings, dirtyHours, priceLines, usageIntervals, usageMeters, usageReviews, usageWitnesses } from "./schema/costs.ts";
import { embedClients, embedReports } from "./schema/embeds.ts";
import { outsideJobs, outsideUsage } from "./schema/outside.ts";
import { costDeliveries, costSchedules } from "./schema/schedules.ts";

export function makeOutside(db: DbOrTx) {
  /** A job that others gave to a cluster's scheduler: a core of a metered node for an hour that is over. */
  async function outsideJob(node: { orgId: string; clusterId: string; name: string }, values: { job: string; user: string; account: string }, from: Date) {
    const [startedAt, endedAt] = [new Date(startOfHour(from.getTime())), new Date(startOfHour(from.getTime()) + HOUR_MS)];
    const asset = { orgId: node.orgId, clusterId: node.clusterId, node: node.name, kind: "cpu" as const, model: "" };
    const [made] = await db.insert(outsideJobs).values({ orgId: node.orgId, clusterId: node.clusterId, name: "md", startedAt, aliveAt: endedAt, endedAt, evidence: "accounted", ...values }).returning();
    await db.insert(outsideUsage).values({ ...asset, milli: 1000, outsideJobId: made!.id, fromAt: startedAt, untilAt: endedAt, evidence: "accounted" });
    await db.insert(dirtyHours).values({ ...asset, hour: startedAt }).onConflictDoNothing();
  }
  return { outsideJob };
}

export function makeMoney(db: DbOrTx) {
  /** What an attempt held of a node's cores and memory, metered, and its hours to be rated by whoever runs a worker. */
  async function metered(of: { id: string; orgId: string; cpus: number; memoryMib: number }, attemptId: string, node: { clusterId: string; name: string; cpus: number; memoryMib: number }, from: Date, to: Date) {
    const asset = (kind: "cpu" | "memory") => ({ orgId: of.orgId, clusterId: node.clusterId, node: node.name, kind, model: "" });
    const begun = new Date(startOfHour(from.getTime()) - 24 * HOUR_MS);
    await db.insert(capacityIntervals).values([{ ...asset("cpu"), milli: node.cpus * 1000, capacityClass: "owned", fromAt: begun }, { ...asset("memory"), milli: Math.round((node.memoryMib * 1000) / 1024), capacityClass: "owned", fromAt: begun }]);
    await db.insert(usageMeters).values({ attemptId, orgId: of.orgId, clusterId: node.clusterId, runId: of.id, nextEvent: 2, openedAt: from, aliveAt: to, closedAt: to });
    const held = { attemptId, runId: of.id, event: 0, fromAt: from, untilAt: to, evidence: "measured" as const };
    await db.insert(usageIntervals).values([{ ...asset("cpu"), ...held, milli: of.cpus * 1000 }, { ...asset("memory"), ...held, milli: Math.round((of.memoryMib * 1000) / 1024) }]);
    for (let hour = startOfHour(from.getTime()); hour < to.getTime(); hour += HOUR_MS) await db.insert(dirtyHours).values([{ ...asset("cpu"), hour: new Date(hour) }, { ...asset("memory"), hour: new Date(hour) }]);
    await db.insert(costClocks).values({ clusterId: node.clusterId, orgId: of.orgId, completeTo: new Date(startOfHour(from.getTime())) }).onConflictDoNothing(); // last: from then on a worker marks hours too
  }

  /** What Slurm says of a metered attempt's only job, which had so many cores for so long: not what was counted. */
  async function discrepancy(of: { id: string; orgId: string; clusterId: string }, cpus: number, heldSeconds: number) {
    const spans = await db.select().from(usageIntervals).where(eq(usageIntervals.attemptId, of.id));
    const parts: WitnessedPart[] = [{ job: "4711", state: "COMPLETED", nodeCount: 1, endedAt: Date.now(), heldSeconds, suspendedSeconds: 0, cpus, memoryMib: 1024, gpus: 0 }];
    const lines = compareWitnesses(spans.map((span) => ({ ...span, from: span.fromAt.getTime(), to: span.untilAt!.getTime() })), parts, 1);
    const where = { orgId: of.orgId, clusterId: of.clusterId, source: "slurm" as const };
    await db.insert(clusterWitnesses).values({ ...where, heardAt: new Date() });
    await db.insert(usageWitnesses).values({ ...where, attemptId: of.id, parts, agrees: false });
    await db.insert(usageReviews).values({ orgId: of.orgId, clusterId: of.clusterId, attemptId: of.id, message: witnessWords(lines, parts), evidence: { source: "slurm", lines, parts } });
  }

  /** Prices that hold since long ago, by an hour of a core and of a GiB. */
  async function prices(of: Org, cpu: string, memory: string) {
    await db.insert(costSettings).values({ orgId: of.id, ratingVersion: 1 });
    const line = { orgId: of.id, version: 1, validFrom: new Date("2026-01-01T00:00:00Z"), createdBy: "Olga Owner" };
    await db.insert(priceLines).values([{ ...line, kind: "cpu", unitPrice: cpu }, { ...line, kind: "memory", unitPrice: memory }]);
  }
  /** What an hour of any accelerator costs, since long ago. */
  async function acceleratorPrice(of: Org, unitPrice: string) {
    await db.insert(costSettings).values({ orgId: of.id, ratingVersion: 1 });
    await db.insert(priceLines).values({ orgId: of.id, version: 1, kind: "accelerator", unitPrice, validFrom: new Date("2026-01-01T00:00:00Z"), createdBy: "Olga Owner" });
  }
  /** A monthly limit of the whole organization. */
  async function budget(of: Org, values: Partial<Values<typeof budgets>> & { name: string; amount: string }) {
    const [made] = await db.insert(budgets).values({ orgId: of.id, scopeType: "org", scopeId: of.id, levels: [50, 80, 100], policy: "block", ...values }).returning();
    return made!;
  }
  /** A cost report that is mailed, and one mail that arrived. */
  async function schedule(of: Org, recipient = "finance@example.test") {
    const [made] = await db.insert(costSchedules).values({ orgId: of.id, cadence: "monthly", scopeType: "org", scopeId: of.id, recipients: [recipient], createdBy: "usr_x", createdByName: "Olga Owner" }).returning();
    await db.insert(costDeliveries).values({ orgId: of.id, scheduleId: made!.id, dueAt: new Date(), recipient, fromDay: "2026-01-01", toDay: "2026-01-31", tries: 1, nextAt: null, sentAt: new Date() });
    return made!;
  }
  /** A published report, and a site that may show it. */
  async function embed(of: Org, title: string, site: string, over: Values<typeof embedClients> = {}) {
    const [report] = await db.insert(embedReports).values({ orgId: of.id, title, by: "project", range: "30d", createdBy: "Olga Owner" }).returning();
    const publicKey = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString();
    const [client] = await db.insert(embedClients).values({ orgId: of.id, name: site, publicKey, origins: [`https://${site.toLowerCase()}.example`], reportIds: [report!.id], projectIds: null, mustFilter: true, capabilities: ["csv"], createdBy: "Olga Owner", ...over }).returning();
    return { report: report!, client: client! };
  }
  return { metered, discrepancy, prices, acceleratorPrice, budget, embed, schedule };
}
