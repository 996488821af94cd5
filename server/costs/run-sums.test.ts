import { afterAll, beforeAll, expect, it } from "vitest";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { sumRunDays } from "./jobs/sum-run-days.ts";
import { meteredWorld, type MeteredWorld } from "./testing.ts";

let world: MeteredWorld;
let run: string;
let range: { from: string; to: string };
const day = (at: number) => new Date(at).toISOString().slice(0, 10);

beforeAll(async () => {
  world = await meteredWorld();
  range = { from: day(world.start), to: day(world.start + 10 * HOUR_MS - 1) };
  const attempts = [await world.ran(world.vision.id, world.start, 2 * HOUR_MS), await world.ran(world.vision.id, world.start + HOUR_MS, HOUR_MS), await world.ran(world.speech.id, world.start, HOUR_MS)];
  await world.book();
  [{ run } = { run: "" }] = await world.sql<{ run: string }[]>`select run_id as run from attempts where id = ${attempts[0]!}`;
});
afterAll(() => world.close());

const spend = async (by: "outcome" | "tag", tag?: string) => {
  const { groups, days, amount } = await world.owner.api.costs.spend({ ...range, by, ...(tag ? { tag } : {}) });
  return { groups: Object.fromEntries(groups.map((group) => [group.label, [+group.amount, +group.acceleratorHours]])), days: days.map((one) => [one.day, one.key, +one.amount]), amount: +amount };
};
const look = async () => ({ outcome: await spend("outcome"), tag: await spend("tag", "data"), tags: await world.owner.api.costs.tags(range) });
const marks = async () => (await world.sql<{ count: number }[]>`select count(*)::int as count from cost_run_marks`)[0]!.count;

it("tells runs apart by outcome and tag before and after their days are summed, whatever changed since", async () => {
  const changes: [what: string, change: () => Promise<unknown>, groups: Record<string, number>][] = [
    ["booked", () => world.book(), { "Without this tag": 8 }],
    ["tagged", () => world.sql`insert into run_tags (run_id, key, value) values (${run}, 'data', 'a'), (${run}, 'mlflow.user', 'ada')`, { a: 4, "Without this tag": 4 }],
    ["tagged anew", () => world.sql`update run_tags set value = 'b' where run_id = ${run} and key = 'data'`, { b: 4, "Without this tag": 4 }],
    ["ended", () => world.sql`update runs set status = 'failed' where id = ${run}`, { b: 4, "Without this tag": 4 }],
    ["charged again", async () => {
      await world.price("3");
      await world.book();
    }, { b: 12, "Without this tag": 12 }],
    ["no longer tagged", () => world.sql`delete from run_tags where run_id = ${run} and key = 'data'`, { "Without this tag": 24 }],
  ];
  for (const [what, change, groups] of changes) {
    await change();
    const before = await look();
    expect([what, Object.fromEntries(Object.entries(before.tag.groups).map(([label, [amount]]) => [label, amount]))]).toEqual([what, groups]);
    expect([what, await marks()]).not.toEqual([what, 0]); // read run by run until now
    await sumRunDays(world.sql);
    expect([what, await marks()]).toEqual([what, 0]);
    expect([what, await look()]).toEqual([what, before]);
  }
  expect((await spend("outcome")).groups.Failed).toEqual([12, 0]);
});

it("reads the sums of days of which nothing changed, and of no others", async () => {
  await world.sql`update cost_outcome_days set amount = amount + 1000`;
  expect((await spend("outcome")).amount).toBe(24 + 3 * 1000); // of two projects, one of them with two outcomes
  await world.sql`insert into cost_run_marks (org_id, run_id) values (${world.org.id}, ${run})`;
  expect((await spend("outcome")).amount).toBe(24);
  await world.sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(7070017)`;
    expect(await sumRunDays(world.sql)).toBe(false); // another worker is at it
  });
  expect(await sumRunDays(world.sql)).toBe(true);
  expect((await spend("outcome")).amount).toBe(24);
});

it("marks a run whose status changes, but not when it is placed for the first time: it has no costs yet", async () => {
  const { id } = await world.makeRun({ projectId: world.vision.id });
  await world.sql`update runs set status = 'queued', attempt_count = 0 where id = ${id}`;
  await sumRunDays(world.sql);
  await world.sql`update runs set status = 'starting', attempt_count = 1 where id = ${id}`;
  expect(await marks()).toBe(0);
  for (const status of ["queued", "starting", "running", "succeeded"]) await world.sql`update runs set status = ${status} where id = ${id}`;
  expect(await marks()).toBe(4);
  await sumRunDays(world.sql);
});

it("tells runs apart by what MLflow's clients say of them, which nobody sums", async () => {
  const { groups } = await spend("tag", "mlflow.user");
  expect(groups).toEqual({ ada: [12, 0], "Without this tag": [12, 0] });
  expect(await world.owner.api.costs.tags(range)).toEqual([]);
});

it("tells the hours of runs without a tag too where none of them has a price", async () => {
  const [plain, tagged] = [await world.makeRun({ projectId: world.vision.id }), await world.makeRun({ projectId: world.vision.id })];
  for (const [{ id }, hours] of [[plain, 5], [tagged, 3]] as const) await world.sql`insert into cost_run_days (run_id, day, org_id, accelerator_hours, amount, provisional) values (${id}, '2020-04-01', ${world.org.id}, ${hours}, 0, 0)`;
  await world.sql`insert into run_tags (run_id, key, value) values (${tagged.id}, 'data', 'a')`;
  const hours = async () => Object.fromEntries((await world.owner.api.costs.spend({ from: "2020-04-01", to: "2020-04-01", by: "tag", tag: "data" })).groups.map(({ label, acceleratorHours }) => [label, +acceleratorHours]));
  expect(await hours()).toEqual({ a: 3, "Without this tag": 5 });
  await sumRunDays(world.sql);
  expect(await hours()).toEqual({ a: 3, "Without this tag": 5 });
});

it("names the dearest runs of the days that are asked for, page by page, also where others were dearer before", async () => {
  const [first, second] = ["2020-03-01", "2020-03-02"];
  const runs = await Promise.all(Array.from({ length: 12 }, () => world.makeRun({ projectId: world.vision.id })));
  const costs = runs.map(({ id }, at) => ({ id, before: at < 8 ? 100 + at : 0, after: (at * 7) % 5 })); // the eight dearest of all time cost little on the second day, some as much as others
  for (const { id, before, after } of costs) {
    for (const [on, amount] of [[first, before], [second, after]] as const) if (amount > 0) await world.sql`insert into cost_run_days (run_id, day, org_id, accelerator_hours, amount, provisional) values (${id}, ${on}, ${world.org.id}, 0, ${amount}, 0)`;
    await world.sql`insert into cost_runs (run_id, org_id, project_id, experiment_id, owner_id, first_hour, last_hour, accelerator_hours, amount, provisional) select id, org_id, project_id, experiment_id, owner_id, ${`${before > 0 ? first : second}T10:00:00Z`}, ${`${after > 0 ? second : first}T12:00:00Z`}, 0, ${before + after}, 0 from runs where id = ${id}`;
  }
  for (const [from, to] of [[first, second], [first, first], [second, second]]) {
    const expected = costs.map(({ id, before, after }) => ({ id, amount: (from === first ? before : 0) + (to === second ? after : 0) })).filter(({ amount }) => amount > 0).toSorted((a, b) => b.amount - a.amount || (a.id < b.id ? -1 : 1));
    for (const limit of [1, 5, 50]) {
      const seen: { id: string; amount: number }[] = [];
      for (let cursor: number | null = 0; cursor !== null;) {
        const page: Awaited<ReturnType<typeof world.owner.api.costs.runs>> = await world.owner.api.costs.runs({ from: from!, to: to!, cursor, limit });
        seen.push(...page.items.map(({ id, amount }) => ({ id, amount: +amount })));
        cursor = page.nextCursor;
      }
      expect([from, to, limit, seen]).toEqual([from, to, limit, expected]);
    }
  }
});
