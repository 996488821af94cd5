import { afterAll, beforeAll, expect, it } from "vitest";
import { sessions, users } from "../../db/schema/access.ts";
import { newId } from "../../db/schema/columns.ts";
import { testDatabase } from "../../db/testing.ts";
import { expireOld } from "./housekeeping.ts";

const DAY_MS = 86_400_000;
let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => { database = await testDatabase(); });
afterAll(() => database.close());

it("logins that ended a month ago are deleted, and no others", async () => {
  const { db, sql } = database;
  const userId = newId("user");
  await db.insert(users).values({ id: userId, name: "Ada", email: "ada@example.test" });
  for (const [id, days] of [["live", 1], ["ended", -1], ["old", -31]] as const) await db.insert(sessions).values({ id, token: id, userId, expiresAt: new Date(Date.now() + days * DAY_MS) });
  await expireOld(sql);
  expect((await db.select({ id: sessions.id }).from(sessions)).map(({ id }) => id).sort()).toEqual(["ended", "live"]);
});
