import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { factories } from "./factories.ts";
import { requireRole } from "./roles.ts";
import { projects } from "./schema/access.ts";
import { runParams } from "./schema/experiments.ts";
import { testDatabase } from "./testing.ts";

describe("a client of one organization", () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  type Org = Awaited<ReturnType<ReturnType<typeof factories>["org"]>>;
  let ours: Org;
  let theirs: Org;
  beforeAll(async () => {
    database = await testDatabase();
    const make = factories(database.db);
    [ours, theirs] = [await make.org(), await make.org()];
  });
  afterAll(() => database.close());

  const seen = async (orgId: string) => (await database.tenant(orgId).db.select({ id: projects.id }).from(projects)).map(({ id }) => id);

  it("sees its rows and no others, whatever the statement asks for", async () => {
    expect(await seen(ours.id)).toEqual([ours.project.id]);
    expect(await seen(theirs.id)).toEqual([theirs.project.id]);
    expect(await seen("org_nobody")).toEqual([]);
  });

  it("keeps to its organization among hundreds of statements of others over the same few connections", async () => {
    const asked = Array.from({ length: 500 }, (_, at) => (at % 3 === 0 ? theirs : ours));
    const raw = asked.map(async (org) => (await database.tenant(org.id).sql<{ id: string }[]>`select id from projects where ${org.id} <> ''`).map(({ id }) => id));
    const wrapped = asked.map((org) => seen(org.id));
    for (const answers of [await Promise.all(raw), await Promise.all(wrapped)]) expect(answers).toEqual(asked.map((org) => [org.project.id]));
  });

  it("names it for a transaction too, with its savepoints and options", async () => {
    const { db, sql: raw } = database.tenant(ours.id);
    const within = await db.transaction(async (tx) => [await tx.$count(projects), await tx.transaction((inner) => inner.$count(projects))], { isolationLevel: "repeatable read", accessMode: "read only" });
    expect(within).toEqual([1, 1]);
    expect(await raw.begin(async (tx) => (await tx`select id from projects`).length)).toBe(1);
  });

  it("goes on after a statement that could not be sent, and after one that the database refused", async () => {
    const { sql: raw } = database.tenant(ours.id);
    for (let times = 0; times < 12; times++) {
      await expect(raw`select ${undefined as unknown as string}`).rejects.toThrow("UNDEFINED_VALUE");
      await expect(raw`select 1 / ${0}::int`).rejects.toThrow("division by zero");
      await expect(raw`select ${new Date(Number.NaN)}::timestamptz`).rejects.toThrow();
    }
    expect(await seen(ours.id)).toEqual([ours.project.id]);
  });

  it("takes nobody else's statements down with one that could not be sent, while all connections are busy", async () => {
    const { sql: raw } = database.tenant(ours.id);
    const asked = Array.from({ length: 60 }, async (_, at) => (at % 5 === 0 ? raw`select ${undefined as unknown as string}`.catch((error: Error) => error.message.split(":")[0]) : (await database.tenant(theirs.id).sql`select id, pg_sleep(0.01)::text from projects`).length));
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 60 }, (_, at) => (at % 5 === 0 ? "UNDEFINED_VALUE" : 1)));
  });

  it("is refused where the session is another role than its policies are for", async () => {
    await expect(requireRole("drover_tenant", database.tenant(ours.id).sql)).resolves.toBeUndefined();
    await expect(requireRole("drover_tenant", database.sql)).rejects.toThrow("took the user drover_app for drover_tenant");
  });

  it("writes nothing into another's organization", async () => {
    const { db } = database.tenant(ours.id);
    await expect(db.update(projects).set({ orgId: theirs.id })).rejects.toThrow();
    expect((await db.update(projects).set({ name: "taken" }).where(sql`id = ${theirs.project.id}`).returning()).length).toBe(0);
  });

  it("sees a run's parameters with its experiment, and gives them no other", async () => {
    const make = factories(database.db);
    const person = await make.user();
    const [own, other] = [await make.run(ours.project, person.id), await make.run(theirs.project, person.id)];
    const { db } = database.tenant(ours.id);
    const [made] = await db.insert(runParams).values({ runId: own.id, key: "lr", value: "1" }).returning(); // as the release before writes it
    expect(made!.experimentId).toBe(own.experimentId);
    await database.db.insert(runParams).values({ runId: other.id, key: "lr", value: "1" });
    expect((await db.select().from(runParams)).map(({ runId }) => runId)).toEqual([own.id]);
    const refused = [{ runId: own.id, experimentId: other.experimentId }, { runId: other.id, experimentId: other.experimentId }, { runId: other.id, experimentId: own.experimentId }, { runId: other.id }];
    for (const one of refused) await expect(db.insert(runParams).values({ ...one, key: "momentum", value: "1" })).rejects.toThrow();
  });
});
