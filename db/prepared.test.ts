import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AllClients, connect } from "./client.ts";
import { factories } from "./factories.ts";
import { orgs, projects } from "./schema/access.ts";
import { testDatabase } from "./testing.ts";

describe("a statement that is asked often", () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let narrow: AllClients; // one connection, so that what was prepared can be asked for on it
  let org: { id: string; project: { id: string } };
  beforeAll(async () => {
    database = await testDatabase();
    org = await factories(database.db).org();
    narrow = connect(database.url, { max: 1 });
  });
  afterAll(async () => {
    await narrow.close();
    await database.close();
  });

  const preparedOn = async (db: AllClients["db"], part: string) =>
    (await db.execute<{ statement: string }>(sql`select statement from pg_prepared_statements`)).map(({ statement }) => statement).filter((statement) => statement.includes(part));

  it("is prepared, once it was asked often enough, for everybody and for one organization", async () => {
    for (const db of [narrow.db, narrow.tenant(org.id).db]) {
      const ask = () => db.select({ id: projects.id }).from(projects).where(eq(projects.id, org.project.id));
      await ask();
      expect(await preparedOn(db, `from "projects"`)).toEqual([]);
      for (let times = 0; times < 30; times++) expect(await ask()).toEqual([{ id: org.project.id }]);
      expect(await preparedOn(db, `from "projects"`)).toHaveLength(1);
    }
  });

  it("is prepared inside transactions and their savepoints too", async () => {
    const { db } = narrow.tenant(org.id);
    for (let times = 0; times < 30; times++) await db.transaction((tx) => tx.transaction((inner) => inner.select({ slug: orgs.slug }).from(orgs).where(eq(orgs.id, org.id))));
    expect(await preparedOn(db, `from "orgs"`)).toHaveLength(1);
  });

  it("is not, where each time has another text", async () => {
    for (let times = 0; times < 60; times++) await narrow.db.execute(sql`select ${times} as ${sql.identifier(`n${times}`)}`);
    expect(await preparedOn(narrow.db, `as "n`)).toEqual([]);
  });

  it("is answered still when its columns changed their type meanwhile", async () => {
    const ask = () => narrow.db.execute<{ v: unknown }>(sql`select v from drifting where v is not null and 1 = ${1}`);
    await database.asOwner("create table drifting (v int); grant select on drifting to drover_app; insert into drifting values (7)");
    for (let times = 0; times < 30; times++) await ask();
    expect(await preparedOn(narrow.db, "drifting")).toHaveLength(1);
    await database.asOwner("alter table drifting alter v type text");
    expect([...(await ask())]).toEqual([{ v: "7" }]);
  });
});
