import { afterAll, beforeAll, expect, test } from "vitest";
import { testDatabase } from "../db/testing.ts";
import { type Bus, openBus } from "./bus.ts";

type Database = Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
let bus: Bus;
beforeAll(async () => {
  database = await testDatabase();
  bus = await openBus(database.sql);
});
afterAll(async () => {
  await bus.close();
  await database.close();
});

const change = (id: string, orgId = "org_1") => ({ orgId, topic: "run", id });
const heard = (id: string) => new Promise<void>((resolve) => {
  const stop = bus.subscribe((changes) => {
    if (!changes.some((one) => one.id === id)) return;
    stop();
    resolve();
  });
});
const nextMillisecond = () => new Promise((resolve) => setTimeout(resolve, 2));

test("tells what an organization's changes were since a mark", async () => {
  const told = heard("run_1");
  await bus.publishNow([change("run_1"), change("run_2", "org_2")]);
  await told;
  await nextMillisecond();
  const mark = bus.mark();
  expect(bus.since(mark, "org_1")).toEqual([]);
  const again = heard("run_3");
  await bus.publishNow([change("run_3"), change("run_4", "org_2")]);
  await again;
  expect(bus.since(mark, "org_1")).toEqual([change("run_3")]);
});

test("tells with the commit what was told within a transaction, and nothing of one that failed", async () => {
  const mark = bus.mark();
  const failed = database.db.transaction(async (tx) => {
    await bus.publishWithin(tx, [change("run_lost")]);
    throw new Error("It failed.");
  });
  await expect(failed).rejects.toThrow("It failed.");
  const told = heard("run_kept");
  await database.db.transaction(async (tx) => {
    await bus.publishWithin(tx, [change("run_kept")]);
    await tx.execute("select pg_sleep(0.05)");
    expect(bus.since(mark, "org_1")).not.toContainEqual(change("run_kept"));
  });
  await told;
  expect(bus.since(mark, "org_1")).not.toContainEqual(change("run_lost"));
});

test("knows nothing of before a loss of its listening connection, and says so to who listens", async () => {
  const mark = bus.mark();
  const gap = new Promise<void>((resolve) => void bus.onGap(resolve));
  await database.asOwner(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen%'`);
  await gap;
  expect(bus.since(mark, "org_1")).toBeNull();
  const told = heard("run_5");
  const fresh = bus.mark();
  await bus.publishNow([change("run_5")]);
  await told;
  expect(bus.since(fresh, "org_1")).toEqual([change("run_5")]);
});

test("fails nobody whose change is committed when telling it fails, and tells it as soon as it can", async () => {
  let lost = 2;
  const flaky = new Proxy(database.sql, { apply: (sql, self, args) => (lost > 0 ? (lost--, Promise.reject(new Error("The connection was lost."))) : Reflect.apply(sql, self, args) as unknown) });
  const other = await openBus(flaky);
  const told = Promise.all([heard("run_6"), heard("run_7")]);
  await other.publishNow([change("run_6")]);
  other.publish(change("run_7"));
  await told;
  expect(lost).toBe(0);
  await other.close();
});
