import { eq } from "drizzle-orm";
import { HOUR_MS, milliOf, startOfHour } from "../../domain/costs/metering.ts";
import type { Db } from "../client.ts";
import type { Factories } from "../factories.ts";
import { accelerators, clusters, nodes } from "../schema/clusters.ts";
import { attemptUse } from "../schema/cost-sums.ts";
import { capacityIntervals, costClocks, costSettings, priceLines, usageIntervals, usageMeters } from "../schema/costs.ts";
import type { Dice } from "./dice.ts";
import { insertAll } from "./insert-all.ts";

const DAY = 24 * HOUR_MS;
/** What an hour costs, in US dollars, and what a price became later. */
const PRICES = [
  { kind: "accelerator", model: "h100", unitPrice: "2.1", note: "Owned: four years, power and room" },
  { kind: "accelerator", model: "a100", unitPrice: "1.79", note: "Rented by the hour" },
  { kind: "accelerator", model: "l40s", unitPrice: "0.62", note: "Owned" },
  { kind: "cpu", model: null, unitPrice: "0.0125", note: null },
  { kind: "memory", model: null, unitPrice: "0.0017", note: null },
] as const;
const CHEAPER = { kind: "accelerator", model: "a100", unitPrice: "1.49", note: "New contract" } as const;
/** A month of each team, and what happens at its end. */
const BUDGETS = [
  { team: "Language", amount: "700000", policy: "warn" },
  { team: "Vision", amount: "560000", policy: "block" },
  { team: "Speech", amount: "170000", policy: "warn" },
] as const;

/** Prices, capacity since the beginning, and budgets. The hours are rated by whoever runs a worker, oldest first. */
export async function seedPrices(db: Db, make: Factories, { org, teams, fleet, now, days }: { org: { id: string; slug: string }; teams: ReadonlyMap<string, { id: string }>; fleet: readonly { id: string; name: string }[]; now: number; days: number }): Promise<void> {
  const begun = new Date(startOfHour(now - days * DAY));
  const rented = fleet.find(({ name }) => name.startsWith("Rented"))!;
  await db.update(clusters).set({ capacityClass: "on-demand" }).where(eq(clusters.id, rented.id));
  await db.insert(costSettings).values({ orgId: org.id, ratingVersion: 2 });
  const line = { orgId: org.id, createdBy: "Sam Whitfield" };
  await db.insert(priceLines).values([
    ...PRICES.map((price) => ({ ...line, ...price, version: 1, validFrom: new Date(begun.getTime() - DAY) })),
    { ...line, ...CHEAPER, version: 2, validFrom: new Date(Math.floor((now - 40 * DAY) / DAY) * DAY) },
  ]);
  for (const cluster of fleet) {
    const capacityClass = cluster === rented ? ("on-demand" as const) : ("owned" as const);
    const hosts = await db.select().from(nodes).where(eq(nodes.clusterId, cluster.id));
    const [model] = await db.select({ model: accelerators.model }).from(accelerators).where(eq(accelerators.clusterId, cluster.id)).limit(1);
    const each = await db.select({ nodeId: accelerators.nodeId }).from(accelerators).where(eq(accelerators.clusterId, cluster.id));
    const gpus = each.length / hosts.length;
    const of = (node: string) => ({ orgId: org.id, clusterId: cluster.id, node, capacityClass, fromAt: begun });
    await db.insert(capacityIntervals).values(hosts.flatMap(({ name, cpus, memoryMib }) => [
      { ...of(name), kind: "cpu" as const, model: "", milli: milliOf.cpus(cpus) },
      { ...of(name), kind: "memory" as const, model: "", milli: milliOf.memory(memoryMib) },
      { ...of(name), kind: "accelerator" as const, model: model!.model, milli: milliOf.accelerators(gpus) },
    ]));
    await db.insert(costClocks).values({ clusterId: cluster.id, orgId: org.id, completeTo: begun });
  }
  for (const { team, amount, policy } of BUDGETS) await make.budget(org, { name: `${team}, monthly`, scopeType: "team", scopeId: teams.get(team)!.id, amount, policy });
}

export interface MeteredAttempt {
  id: string;
  orgId: string;
  runId: string;
  clusterId: string;
  node: string;
  model: string;
  devices: readonly number[];
  cpus: number;
  memoryMib: number;
  from: number;
  to: number;
  /** Thousandths of its accelerators that it used; null where nobody measured. */
  use: number | null;
}

/** What attempts held, as their agents' journals would have told. */
export async function seedUsage(db: Db, dice: Dice, attempts: readonly MeteredAttempt[]): Promise<void> {
  const rows = attempts.flatMap(({ id, orgId, runId, clusterId, node, model, devices, cpus, memoryMib, from, to }) => {
    const held = () => ({ id: dice.id("usageInterval", from), orgId, clusterId, node, attemptId: id, runId, event: 0, fromAt: new Date(from), untilAt: new Date(to), evidence: "measured" as const });
    return [
      { ...held(), kind: "cpu" as const, model: "", device: null, milli: milliOf.cpus(cpus) },
      { ...held(), kind: "memory" as const, model: "", device: null, milli: milliOf.memory(memoryMib) },
      ...devices.map((index) => ({ ...held(), kind: "accelerator" as const, model, device: `GPU-${node}-${index}`, milli: milliOf.accelerators(1) })),
    ];
  });
  await insertAll(db, usageMeters, attempts.map(({ id, orgId, clusterId, runId, from, to }) => ({ attemptId: id, orgId, clusterId, runId, nextEvent: 2, openedAt: new Date(from), aliveAt: new Date(to), closedAt: new Date(to) })));
  await insertAll(db, usageIntervals, rows);
  await insertAll(db, attemptUse, attempts.flatMap(usedOn));
}

/** By day, as a worker keeps it of what was measured: programs that compute hard use most of their memory and half of their cores. */
function usedOn({ id, orgId, from, to, use }: MeteredAttempt) {
  if (use === null) return [];
  const days = Array.from({ length: Math.floor(to / DAY) - Math.floor(from / DAY) + 1 }, (_, at) => new Date((Math.floor(from / DAY) + at) * DAY).toISOString().slice(0, 10));
  return days.flatMap((day) => [
    { attemptId: id, orgId, day, kind: "accelerator" as const, use },
    { attemptId: id, orgId, day, kind: "cpu" as const, use: Math.round(use / 2) },
    { attemptId: id, orgId, day, kind: "memory" as const, use: Math.round(300 + use / 2) },
  ]);
}
