import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { AGENT_PATHS, type Usage, UsageOffsets } from "../../agent/protocol/messages.ts";
import * as schema from "../../db/schema/index.ts";
import { testPlane, type TestPlane } from "../agents/testing.ts";
import { inferEnds } from "./commands/usage-ingest.ts";

type Told = z.infer<typeof Usage>["attempts"][number];
const GPUS = [0, 1].map((index) => ({ index, uuid: `GPU-${index}`, model: "H100", memoryMib: 81_920, health: "ok" as const, healthReason: null, attemptId: null }));

describe("usage from an agent", () => {
  let plane: TestPlane;
  let world: Awaited<ReturnType<TestPlane["makeAgent"]>>;
  const NOW = Math.floor(Date.now() / 1000) * 1000;
  const T0 = NOW - 3_600_000;
  beforeAll(async () => {
    plane = await testPlane();
    world = await plane.makeAgent({ accelerators: GPUS });
  });
  afterAll(() => plane.close());

  async function attempt(gpus = 1, status: "running" | "lost" = "running") {
    const run = await plane.makeRun({ resources: { cpus: 2, memory: 1024, gpus } });
    const [row] = await plane.db.insert(schema.attempts).values({ orgId: plane.orgId, runId: run.id, clusterId: world.cluster.id, number: 1, status, leaseUntil: new Date(), cpus: 2, memoryMib: 1024, gpus, nodes: 1 }).returning();
    return row!;
  }
  const told = (one: { id: string; fence: bigint }, events: Told["events"], more: Partial<Told> = {}): Told => ({ attemptId: one.id, fence: String(one.fence), from: 0, events, aliveAt: null, ...more });
  const open = (at: number, accelerators: string[], gpus = accelerators.length): Told["events"][number] => ({ kind: "open", at, holds: [{ node: "n1", accelerators, gpus, cpus: 2, memoryMib: 1024 }] });
  const close = (at: number, lifeMs: number | null = null, evidence: "measured" | "inferred" = "measured"): Told["events"][number] => ({ kind: "close", at, lifeMs, evidence });
  const send = async (...attempts: Told[]) => {
    const reply = await world.agent.post(AGENT_PATHS.usage, { hostAheadMs: 5, attempts });
    expect(reply.status).toBe(200);
    return UsageOffsets.parse(reply.body);
  };
  const intervals = (attemptId: string) => plane.sql<{ kind: string; milli: number; device: string | null; from: number; until: number | null; evidence: string }[]>`
    select kind, milli, device, (extract(epoch from from_at) * 1000)::float8 as from, (extract(epoch from until_at) * 1000)::float8 as until, evidence from usage_intervals where attempt_id = ${attemptId} order by kind, device, from_at`;
  const reviews = (attemptId: string) => plane.sql<{ message: string }[]>`select message from usage_reviews where attempt_id = ${attemptId}`;

  it("is stored once, however often it is sent, and in order", async () => {
    const one = await attempt();
    const all = [open(T0, ["GPU-0"]), close(T0 + 60_000, 60_000)];
    expect((await send(told(one, all.slice(1), { from: 1 }))).offsets).toEqual([{ attemptId: one.id, next: 0 }]);
    expect((await send(told(one, all.slice(0, 1)))).offsets).toEqual([{ attemptId: one.id, next: 1 }]);
    expect((await send(told(one, all))).offsets).toEqual([{ attemptId: one.id, next: 2 }]);
    await send(told(one, all));
    expect(await intervals(one.id)).toEqual([
      { kind: "accelerator", milli: 1000, device: "GPU-0", from: T0, until: T0 + 60_000, evidence: "measured" },
      { kind: "cpu", milli: 2000, device: null, from: T0, until: T0 + 60_000, evidence: "measured" },
      { kind: "memory", milli: 1000, device: null, from: T0, until: T0 + 60_000, evidence: "measured" },
    ]);
  });

  it("lasts as long as the monotonic clock says, whatever the wall clock did", async () => {
    const one = await attempt();
    await send(told(one, [open(T0 + 100_000, ["GPU-0"]), close(T0 - 5_000_000, 7_000)]));
    expect((await intervals(one.id))[0]).toMatchObject({ from: T0 + 100_000, until: T0 + 107_000 });
  });

  it("is never from the future", async () => {
    const one = await attempt();
    await send(told(one, [open(Date.now() - 1000, ["GPU-1"]), close(Date.now() + 3_600_000)]));
    expect((await intervals(one.id))[0]!.until).toBeLessThanOrEqual(Date.now() + 2_000);
  });

  it("of another cluster's attempt, or of none, is unknown", async () => {
    const other = await plane.makeAgent();
    const run = await plane.makeRun();
    const [foreign] = await plane.db.insert(schema.attempts).values({ orgId: plane.orgId, runId: run.id, clusterId: other.cluster.id, number: 1, leaseUntil: new Date(), cpus: 1, memoryMib: 64, gpus: 0, nodes: 1 }).returning();
    expect((await send(told(foreign!, [open(T0, [])]))).unknown).toEqual([foreign!.id]);
    expect(await intervals(foreign!.id)).toEqual([]);
  });

  it("takes a device from whom it was held on paper, at the moment that another has it", async () => {
    const [first, second] = [await attempt(), await attempt()];
    await send(told(first, [open(T0 + 200_000, ["GPU-0"])]));
    await send(told(second, [open(T0 + 300_000, ["GPU-0"]), close(T0 + 310_000)]));
    expect((await intervals(first.id))[0]).toMatchObject({ until: T0 + 300_000, evidence: "inferred" });
    await send(told(first, [open(T0 + 200_000, ["GPU-0"]), close(T0 + 299_000, 99_000)]));
    expect((await intervals(first.id))[0]).toMatchObject({ until: T0 + 299_000, evidence: "measured" });
    expect(await reviews(first.id)).toEqual([]);
  });

  it("takes it also where both began in the same millisecond, as when the first ended at once and has not told so yet", async () => {
    const [first, second] = [await attempt(), await attempt()];
    await send(told(first, [open(T0 + 320_000, ["GPU-0"])]));
    await send(told(second, [open(T0 + 320_000, ["GPU-0"])]));
    await send(told(first, [close(T0 + 320_000, 0)], { from: 1 }));
    await send(told(second, [close(T0 + 330_000, 10_000)], { from: 1 }));
    expect((await intervals(first.id))[0]).toMatchObject({ from: T0 + 320_000, until: T0 + 320_000 });
    expect((await intervals(second.id))[0]).toMatchObject({ from: T0 + 320_000, until: T0 + 330_000, evidence: "measured" });
    expect([...await reviews(first.id), ...await reviews(second.id)]).toEqual([]);
  });

  it("asks somebody to look where who began in the same millisecond says that it held it on", async () => {
    const [first, second] = [await attempt(), await attempt()];
    await send(told(first, [open(T0 + 340_000, ["GPU-0"])]));
    await send(told(second, [open(T0 + 340_000, ["GPU-0"])]));
    await send(told(first, [close(T0 + 350_000, 10_000)], { from: 1 }));
    await send(told(second, [close(T0 + 345_000, 5_000)], { from: 1 }));
    expect((await intervals(first.id))[0]).toMatchObject({ until: T0 + 340_000 });
    expect((await intervals(second.id))[0]).toMatchObject({ until: T0 + 345_000 });
    expect(await reviews(first.id)).toEqual([{ message: "Accelerator GPU-0 was another attempt's before this one says that it let go; it is counted until then." }]);
    expect(await reviews(second.id)).toEqual([]);
  });

  it("that would count a device twice is refused, and somebody is asked to look", async () => {
    const [first, second] = [await attempt(), await attempt()];
    await send(told(first, [open(T0 + 400_000, ["GPU-0"]), close(T0 + 500_000)]));
    await send(told(second, [open(T0 + 450_000, ["GPU-0"]), close(T0 + 460_000)]));
    expect((await intervals(second.id)).map(({ kind }) => kind)).toEqual(["cpu", "memory"]);
    expect(await reviews(second.id)).toEqual([{ message: "Two attempts claim accelerator GPU-0 at the same time; only the first is counted." }]);
    await expect(plane.sql`insert into usage_intervals (id, org_id, cluster_id, node, kind, model, milli, device, attempt_id, run_id, event, from_at, until_at, evidence)
      select 'use_x', org_id, cluster_id, node, kind, model, milli, device, attempt_id, run_id, 9, from_at, until_at, evidence from usage_intervals where attempt_id = ${first.id} and device is not null`).rejects.toMatchObject({ code: "23P01" });
  });

  it("may touch its neighbour's by as much as clocks differ", async () => {
    const [first, second] = [await attempt(), await attempt()];
    await send(told(first, [open(T0 + 600_000, ["GPU-1"]), close(T0 + 700_000)]));
    await send(told(second, [open(T0 + 699_200, ["GPU-1"]), close(T0 + 710_000)]));
    expect((await intervals(second.id))[0]).toMatchObject({ from: T0 + 700_000, until: T0 + 710_000 });
  });

  it("of an attempt that was given up still counts; without a word it ends where it last lived", async () => {
    const one = await attempt(1, "lost");
    await send(told(one, [open(T0 + 800_000, ["GPU-0"])], { aliveAt: T0 + 830_000 }));
    expect((await intervals(one.id))[0]).toMatchObject({ until: null, evidence: "provisional" });
    await inferEnds(plane.sql);
    expect((await intervals(one.id))[0]).toMatchObject({ until: T0 + 830_000, evidence: "inferred" });
    await send(told(one, [close(T0 + 845_000, 45_000)], { from: 1 }));
    expect((await intervals(one.id))[0]).toMatchObject({ until: T0 + 845_000, evidence: "measured" });
  });

  it("ends where it last lived, too, where another attempt had its accelerator by the time that its begin was told", async () => {
    const [one, two] = [await attempt(1, "lost"), await attempt()];
    await send(told(two, [open(T0 + 870_000, ["GPU-0"]), close(T0 + 880_000)]));
    await send(told(one, [open(T0 + 850_000, ["GPU-0"])], { aliveAt: T0 + 860_000 }));
    await inferEnds(plane.sql);
    expect((await intervals(one.id)).map(({ until, evidence }) => [until, evidence])).toEqual([[T0 + 860_000, "inferred"], [T0 + 860_000, "inferred"], [T0 + 860_000, "inferred"]]);
  });

  it("of an attempt that ended long ago ends where it last lived once its agent was replaced, with whose disk its journal is gone", async () => {
    const one = await attempt();
    await send(told(one, [open(T0 + 885_000, ["GPU-0"])], { aliveAt: T0 + 890_000 })); // by an agent from before the present one
    const ended = (ago: string) => plane.sql`update attempts set status = 'ended', outcome = 'succeeded', ended_at = now() - ${ago}::interval where id = ${one.id}`;
    await ended("1 hour");
    await inferEnds(plane.sql);
    expect((await intervals(one.id))[0]).toMatchObject({ until: null }); // it may come yet
    await ended("2 days");
    await inferEnds(plane.sql);
    expect((await intervals(one.id))[0]).toMatchObject({ until: T0 + 890_000, evidence: "inferred" });
  });

  it("may change on the way, without a gap or an overlap", async () => {
    const one = await attempt(2);
    await send(told(one, [open(T0 + 900_000, ["GPU-0", "GPU-1"]), { ...open(T0 + 950_000, ["GPU-1"]), kind: "change" } as Told["events"][number], close(T0 + 960_000)]));
    expect((await intervals(one.id)).filter(({ kind }) => kind === "accelerator")).toMatchObject([{ device: "GPU-0", from: T0 + 900_000, until: T0 + 950_000 }, { device: "GPU-1", from: T0 + 900_000, until: T0 + 950_000 }, { device: "GPU-1", from: T0 + 950_000, until: T0 + 960_000 }]);
  });

  it("marks the hours that it touches for rating, and a cluster's capacity is followed from its first report", async () => {
    const [dirty] = await plane.sql<{ n: number }[]>`select count(*)::int as n from dirty_hours where cluster_id = ${world.cluster.id}`;
    expect(dirty!.n).toBeGreaterThan(0);
    const capacity = await plane.sql`select kind, model, milli from capacity_intervals where cluster_id = ${world.cluster.id} and until_at is null order by kind`;
    expect([...capacity]).toEqual([{ kind: "accelerator", model: "H100", milli: 2000 }, { kind: "cpu", model: "", milli: 8000 }, { kind: "memory", model: "", milli: 16_000 }]);
    await world.agent.sync({ nodes: [{ name: "n1", cpus: 8, memoryMib: 16_384, diskMib: 1, state: "up", stateReason: null, accelerators: GPUS.slice(0, 1) }] });
    const after = await plane.sql`select milli, until_at is null as open from capacity_intervals where cluster_id = ${world.cluster.id} and kind = 'accelerator' order by from_at`;
    expect([...after]).toEqual([{ milli: 2000, open: false }, { milli: 1000, open: true }]);
  });

  it("of a slice is that part of its GPU, whose capacity stays one of it, however it is cut", async () => {
    const slice = (index: number, profile: string, milli: number) => ({ ...GPUS[0]!, index, uuid: `MIG-${index}`, model: `H100 MIG ${profile}`, part: { of: "GPU-0", milli } });
    const cut = (...slices: object[]) => world.agent.sync({ nodes: [{ name: "n1", cpus: 8, memoryMib: 16_384, diskMib: 1, state: "up", stateReason: null, accelerators: [...slices, GPUS[1]] }] });
    const capacity = async () => [...(await plane.sql`select model, milli from capacity_intervals where cluster_id = ${world.cluster.id} and kind = 'accelerator' and until_at is null`)];
    await cut(slice(100, "3g.40gb", 500), slice(101, "1g.10gb", 142));
    expect(await capacity()).toEqual([{ model: "H100", milli: 2000 }]);
    const one = await attempt();
    await send(told(one, [open(T0 + 1_000_000, ["MIG-101"]), close(T0 + 1_060_000, 60_000)]));
    expect((await intervals(one.id))[0]).toMatchObject({ kind: "accelerator", milli: 142, device: "MIG-101" });
    expect(await plane.sql`select model from usage_intervals where attempt_id = ${one.id} and kind = 'accelerator'`).toMatchObject([{ model: "H100" }]);
    await cut(slice(100, "7g.80gb", 1000));
    expect(await capacity()).toEqual([{ model: "H100", milli: 2000 }]);
    expect(await plane.sql`select milli, parent_uuid from accelerators where cluster_id = ${world.cluster.id} and present and index = 100`).toEqual([{ milli: 1000, parent_uuid: "GPU-0" }]);
  });

  it("of a part of a GPU is what the journal says of it, also once the agent lists that GPU in another way; of shares that a scheduler counts, all together", async () => {
    const [cut, counted] = [await attempt(), await attempt(2)];
    const hold = (accelerators: string[], gpus: number, parts: { model: string; milli: number }[]) => ({ node: "n1", accelerators, gpus, cpus: 2, memoryMib: 1024, parts });
    await send(told(cut, [{ kind: "open", at: T0 + 2_000_000, holds: [hold(["GPU-1::0"], 1, [{ model: "A100", milli: 334 }])] }]));
    await send(told(counted, [{ kind: "open", at: T0 + 2_000_000, holds: [hold([], 2, [{ model: "A100", milli: 500 }])] }]));
    const held = await plane.sql`select model, milli, device from usage_intervals where attempt_id = any(${[cut.id, counted.id]}) and kind = 'accelerator' order by milli`;
    expect([...held]).toEqual([{ model: "A100", milli: 334, device: "GPU-1::0" }, { model: "A100", milli: 500, device: null }]);
  });

  it("of a GPU that is had whole or in shares has the capacity of one, and keeps in how many", async () => {
    await world.agent.sync({ nodes: [{ name: "n1", cpus: 8, memoryMib: 16_384, diskMib: 1, state: "up", stateReason: null, accelerators: GPUS.map((gpu) => ({ ...gpu, shares: 4 })) }] });
    expect([...(await plane.sql`select model, milli from capacity_intervals where cluster_id = ${world.cluster.id} and kind = 'accelerator' and until_at is null`)]).toEqual([{ model: "H100", milli: 2000 }]);
    expect([...(await plane.sql`select shares from accelerators where cluster_id = ${world.cluster.id} and present order by index`)]).toEqual([{ shares: 4 }, { shares: 4 }]);
  });
});
