import { afterAll, beforeAll, expect, it } from "vitest";
import { clients } from "../../db/client.ts";
import { telemetry } from "../../db/schema/clusters.ts";
import { compare, decimal, decimalText, sum, trimmed } from "../../domain/costs/decimal.ts";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import type { PartsView } from "../../domain/costs/parts-view.ts";
import { buildApp } from "../app.ts";
import { testWorld, type TestWorld } from "../experiments/testing.ts";
import { followCapacity } from "./commands/capacity.ts";
import { postDirtyHours } from "./commands/posting.ts";
import { splitDays } from "./jobs/split-days.ts";
import { ingestUsage } from "./commands/usage-ingest.ts";

/** Four whole hours of a past day, on a node of four accelerators, eight cores and 64 GiB. */
const DAY = new Date(Date.now() - 3 * 24 * HOUR_MS).toISOString().slice(0, 10);
const T0 = Date.parse(DAY) + 8 * HOUR_MS;
const HOURS = 4;
let world: TestWorld;
let cluster: Awaited<ReturnType<TestWorld["makeCluster"]>>;
beforeAll(async () => {
  world = await testWorld();
  cluster = await world.makeCluster(world.org.id, "berlin", { gpus: 4, cpus: 8 });
  await world.sql`update nodes set memory_mib = 65536`;
  await world.db.transaction((tx) => followCapacity(tx, { orgId: world.org.id, clusterId: cluster.id }));
  await world.sql`update capacity_intervals set from_at = ${new Date(T0)}, until_at = ${new Date(T0 + HOURS * HOUR_MS)}`;
  await world.sql`update cost_clocks set complete_to = ${new Date(T0 + HOURS * HOUR_MS)}`;
  await world.owner.api.costs.addPrice({ kind: "accelerator", unitPrice: "2", validFrom: "2020-01-01T00:00:00Z" });
});
afterAll(async () => {
  await clients().close();
  await world.close();
});

async function ran(projectId: string, hours: [number, number], gpus: number[], held: { cpus: number; memoryMib: number; use?: number | null }) {
  const run = await world.makeRun({ projectId, gpus: gpus.length });
  const [from, to] = [T0 + hours[0] * HOUR_MS, T0 + hours[1] * HOUR_MS];
  const attempt = await world.makeAttempt(run, cluster.id, { status: "running", gpus: gpus.length, nodeNames: ["node-1"], acceleratorIndexes: gpus, startedAt: new Date(from), endedAt: new Date(to) });
  const hold = { node: "node-1", accelerators: gpus.map((index) => `GPU-${index}`), gpus: gpus.length, cpus: held.cpus, memoryMib: held.memoryMib };
  await ingestUsage(world.sql, { orgId: world.org.id, clusterId: cluster.id }, { hostAheadMs: 0, attempts: [{ attemptId: attempt.id, fence: String(attempt.fence), from: 0, events: [{ kind: "open", at: from, holds: [hold] }, { kind: "close", at: to, lifeMs: to - from, evidence: "measured" }], aliveAt: null }] }, Date.now());
  const times = Array.from({ length: 60 }, (_, at) => from + (at * (to - from)) / 60);
  if (held.use != null) for (const index of gpus) await world.db.insert(telemetry).values({ clusterId: cluster.id, subject: "accelerator", subjectId: `node-1/${index}`, key: "gpu", at: new Date(from), times, values: times.map(() => held.use!) });
  return attempt;
}
const book = async () => {
  await world.sql`insert into dirty_hours (org_id, cluster_id, node, kind, model, hour) select org_id, cluster_id, node, kind, model, hour from capacity_intervals, generate_series(from_at, until_at - interval '1 hour', interval '1 hour') as hour on conflict do nothing`;
  while ((await postDirtyHours(world, Date.now())).hours > 0);
};
const read = (by: PartsView["by"] = "cluster") => world.owner.api.costs.parts({ from: DAY, to: DAY, by });
const plain = (parts: PartsView["parts"]) => Object.fromEntries(Object.entries(parts).map(([part, amount]) => [part, decimalText(trimmed(decimal(amount)))]));
const isWhole = ({ amount, parts }: Pick<PartsView, "amount" | "parts">) => compare(sum(Object.values(parts).map(decimal)), decimal(amount)) === 0;

it("splits what capacity cost into used, idle, not measured, wasted, stranded and free, exactly", async () => {
  await ran(world.vision.id, [0, 2], [0], { cpus: 1, memoryMib: 1024, use: 75 }); // 4 USD, 3 of them used
  await ran(world.speech.id, [0, 1], [1], { cpus: 1, memoryMib: 1024 }); // 2 USD that nobody measured
  const failed = await ran(world.speech.id, [0, 1], [2], { cpus: 1, memoryMib: 1024, use: 90 }); // 2 USD for nothing
  await ran(world.vision.id, [3, 4], [0], { cpus: 7.5, memoryMib: 1024, use: 100 }); // takes nearly all cores: three accelerators are stranded
  await book();
  expect(plain((await read()).parts)).toEqual({ pending: "32" });
  await splitDays(world.sql);
  const before = await read();
  expect(plain(before.parts)).toEqual({ used: "6.8", idle: "1.2", unmeasured: "2", stranded: "6", free: "16" }); // 90 % of the one that is about to fail
  await world.sql`update attempts set status = 'ended', outcome = 'failed' where id = ${failed.id}`;
  await splitDays(world.sql);
  const view = await read();
  expect(plain(view.parts)).toEqual({ used: "5", idle: "1", unmeasured: "2", wasted: "2", stranded: "6", free: "16" });
  expect([view, ...view.groups].every(isWhole)).toBe(true);
  expect(view).toMatchObject({ currency: "USD", ratingVersion: 1, by: "cluster", groups: [{ key: cluster.id, label: "berlin" }] });
  expect(view.days.map(({ day, parts }) => [day, plain(parts)])).toEqual([[DAY, plain(view.parts)]]);
});

it("says whose it was, and shows what nobody held to those alone who see the whole organization", async () => {
  const teams = await read("team");
  expect(Object.fromEntries(teams.groups.map(({ label, parts }) => [label, plain(parts)]))).toEqual({ Idle: { stranded: "6", free: "16" }, vision: { used: "5", idle: "1" }, speech: { unmeasured: "2", wasted: "2" } });
  const vic = await world.makeUser(world.org.id, world.org.slug, "Vic", [["viewer", "project", world.vision.id]]);
  const own = await vic.api.costs.parts({ from: DAY, to: DAY, by: "kind" });
  expect(plain(own.parts)).toEqual({ used: "5", idle: "1" });
  expect(own.groups.filter(({ amount }) => compare(decimal(amount), decimal("0")) !== 0).map(({ label }) => label)).toEqual(["NVIDIA H100 80GB HBM3"]);
});

it("knows what was used also when the telemetry is gone, and splits anew what prices changed", async () => {
  await world.sql`delete from telemetry`;
  await world.owner.api.costs.addPrice({ kind: "accelerator", unitPrice: "4", validFrom: `${DAY}T00:00:00Z` });
  while ((await postDirtyHours(world, Date.now())).hours > 0);
  const between = await read();
  expect(plain(between.parts).pending).toBe("32"); // booked, and said to be not split yet
  await splitDays(world.sql);
  expect(plain((await read()).parts)).toEqual({ used: "10", idle: "2", unmeasured: "4", wasted: "4", stranded: "12", free: "32" });
});

it("waits a while with a day that goes on, and leaves what another worker splits to it", async () => {
  await world.sql`insert into cost_split_marks (org_id, cluster_id, day, due_at) values (${world.org.id}, ${cluster.id}, ${DAY}, now() + interval '10 minutes')`;
  expect(await splitDays(world.sql)).toEqual(new Set());
  await world.sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(7070016)`;
    expect(await splitDays(world.sql, { isDueOnly: false })).toEqual(new Set());
  });
  expect(await splitDays(world.sql, { isDueOnly: false })).toEqual(new Set([world.org.id]));
});

it("is a file whose rows add up to what was booked, what is not split yet among them", async () => {
  const { token } = await world.owner.api.access.createMyToken({ name: "files", permissions: ["costs:read"] });
  const file = async () => {
    const answer = await buildApp().request(`/api/costs/parts?${new URLSearchParams({ format: "csv", set: JSON.stringify({ from: DAY, to: DAY }) }).toString()}`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
    const [head, ...rows] = (await answer.text()).trim().split(/\r?\n/).map((line) => line.split(","));
    return rows.map((row) => Object.fromEntries(row.map((cell, at) => [head![at]!, cell])));
  };
  const whole = (rows: Record<string, string>[]) => decimalText(trimmed(sum(rows.map((row) => decimal(row.amount!)))));
  expect(whole(await file())).toBe("64");
  await world.sql`delete from cost_parts where part = 'stranded'`;
  const rows = await file();
  expect(whole(rows)).toBe("64");
  expect(rows.filter(({ part }) => part === "pending").map(({ amount, project, currency }) => [amount, project, currency])).toEqual(expect.arrayContaining([["12", "", "USD"]]));
});

it("adds up whole months and the days at both ends to what those days are", async () => {
  await world.sql`
    insert into cost_parts (org_id, day, project_id, cluster_id, kind, model, capacity_class, part, quantity, amount, provisional)
    select ${world.org.id}, day::date, ${world.vision.id}, ${cluster.id}, kind, '', 'owned', part, 1, extract(day from day) * weight, 0
    from generate_series('2020-01-20'::timestamp, '2020-04-10', interval '1 day') as day, (values ('cpu', 'used', 1), ('cpu', 'idle', 0.01), ('memory', 'used', 0.0001)) as held (kind, part, weight)`;
  await world.sql`delete from cost_parts where day = '2020-02-14'`;
  for (const [from, to] of [["2020-01-01", "2020-12-31"], ["2020-01-25", "2020-04-02"], ["2020-02-01", "2020-02-29"], ["2020-02-01", "2020-02-28"], ["2020-02-03", "2020-02-20"], ["2020-03-31", "2020-04-01"]] as const) {
    const sums = await world.sql<{ kind: string; part: string; amount: string }[]>`select kind, part, sum(amount)::text as amount from cost_parts where day between ${from} and ${to} group by 1, 2`;
    const { groups, days } = await world.owner.api.costs.parts({ from, to, by: "kind" });
    for (const { kind, part, amount } of sums) {
      const group = groups.find(({ key }) => key.startsWith(kind))!;
      expect([from, to, kind, part, plain(group.parts)[part]]).toEqual([from, to, kind, part, decimalText(trimmed(decimal(amount)))]);
    }
    const used = sum(days.map(({ parts }) => decimal(parts.used ?? "0")));
    expect([from, to, compare(used, sum(sums.filter(({ part }) => part === "used").map(({ amount }) => decimal(amount))))]).toEqual([from, to, 0]);
  }
});

it("keeps no use of what a run over several nodes may not have held: of nodes that it shares it is not known which accelerators were its own", async () => {
  const of = async (whole: boolean) => {
    const { id } = await ran(world.vision.id, whole ? [2, 3] : [1, 2], whole ? [0, 1, 2, 3] : [3], { cpus: 0.1, memoryMib: 16, use: 40 });
    await world.sql`update attempts set node_names = '{node-1,node-2}' where id = ${id}`; // one that is gone
    const at = T0 + (whole ? 2 : 1) * HOUR_MS;
    await world.db.insert(telemetry).values({ clusterId: cluster.id, subject: "accelerator", subjectId: "node-2/3", key: "gpu", at: new Date(at), times: [at + 1], values: [100] });
    return id;
  };
  const [shared, whole] = [await of(false), await of(true)];
  await book();
  await splitDays(world.sql);
  const use = (id: string) => world.sql`select use from attempt_use where attempt_id = ${id} and kind = 'accelerator'`;
  expect(await use(shared)).toEqual([]);
  expect(await use(whole)).toEqual([{ use: 400 }]);
});
