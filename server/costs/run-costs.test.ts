import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { compare, decimal } from "../../domain/costs/decimal.ts";
import { testWorld, type TestWorld } from "../experiments/testing.ts";

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

const DAYS = 14;
const day = (of: number): string => `2026-10-${String(of + 1).padStart(2, "0")}`;

/** A run that cost so much on these days. */
async function ran(days: ReadonlyMap<number, number>): Promise<string> {
  const { id, projectId, experimentId } = await world.makeRun();
  const all = [...days.keys()].toSorted((a, b) => a - b);
  const total = [...days.values()].reduce((sum, amount) => sum + amount, 0);
  await world.sql`
    insert into cost_runs (run_id, org_id, project_id, experiment_id, owner_id, first_hour, last_hour, accelerator_hours, amount, provisional)
    values (${id}, ${world.org.id}, ${projectId}, ${experimentId}, ${world.owner.id}, ${`${day(all[0]!)}T03:00:00Z`}, ${`${day(all.at(-1)!)}T05:00:00Z`}, 0, ${total}, 0)`;
  for (const [of, amount] of days) await world.sql`insert into cost_run_days (run_id, day, org_id, accelerator_hours, amount, provisional) values (${id}, ${day(of)}, ${world.org.id}, 0, ${amount}, 0)`;
  return id;
}

async function listed(from: number, to: number, limit: number): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: number | null = 0; cursor !== null; ) {
    const page: { items: { id: string; amount: string }[]; nextCursor: number | null } = await world.owner.api.costs.runs({ from: day(from), to: day(to), limit, cursor });
    expect(page.items.every(({ amount }, at) => at === 0 || compare(decimal(page.items[at - 1]!.amount), decimal(amount)) >= 0)).toBe(true);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  return ids;
}

it("the dearest runs of some days are each named once, page by page, though others that cost more began before and went on after", async () => {
  const runs = new Map<string, Map<number, number>>();
  for (let at = 0; at < 60; at += 1) {
    const [first, more] = [at % DAYS, (at * 5 + 3) % DAYS]; // often with days between, on which it waited to be retried
    const days = new Map([[first, at % 4], [more, (at * 7) % 5]]);
    runs.set(await ran(days), days);
  }
  const span = fc.tuple(fc.nat({ max: DAYS - 1 }), fc.nat({ max: DAYS - 1 })).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  await fc.assert(fc.asyncProperty(span, fc.integer({ min: 1, max: 9 }), async ([from, to], limit) => {
    const inside = [...runs].map(([id, days]) => ({ id, own: [...days].filter(([of]) => of >= from && of <= to).map(([, amount]) => amount) })).filter(({ own }) => own.length > 0);
    const dearest = inside.map(({ id, own }) => ({ id, amount: own.reduce((sum, amount) => sum + amount, 0) })).toSorted((a, b) => b.amount - a.amount || (a.id < b.id ? -1 : 1));
    expect(await listed(from, to, limit)).toEqual(dearest.map(({ id }) => id));
  }), { numRuns: 60 });
});
