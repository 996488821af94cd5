/** What patches/postgres+*.patch mends: a session that dies takes what belonged to it along, and no more. */
import type { Sql, TransactionSql } from "postgres";
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from "vitest";
import { openSql } from "./connection.ts";
import { asTenant } from "./tenant.ts";
import { testDatabase } from "./testing.ts";

let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase();
  await database.sql.begin((tx) => tx.unsafe("set local role none; create table lost_notes (note text); grant all on lost_notes to public"));
});
afterAll(() => database.close());

interface Gate {
  opened: Promise<void>;
  open: () => void;
}
function gate(): Gate {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  return { opened, open };
}

const codeOf = (work: Promise<unknown>): Promise<string | undefined> => work.then(() => undefined, (error: { code?: string }) => error.code);

describe("a transaction whose connection is lost while it does something else", () => {
  let one: Sql;
  beforeEach(() => {
    one = openSql(database.url, { max: 1 });
  });
  afterEach(() => one.end({ timeout: 1 }));

  const notes = async () => (await database.sql<{ note: string }[]>`select note from lost_notes order by note`).map(({ note }) => note);
  const endSession = async (tx: TransactionSql) => {
    const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
    await database.sql.begin((owner) => owner.unsafe(`set local role none; select pg_terminate_backend(${row!.pid})`));
  };

  /** One begins and loses its connection; another begins on the next, and is half-way when the first goes on. */
  async function overtaken(goesOn: (tx: TransactionSql) => Promise<unknown>) {
    const [killed, halfway, tried] = [gate(), gate(), gate()];
    let said: unknown;
    const first = one.begin(async (tx) => {
      await endSession(tx);
      killed.open();
      await halfway.opened;
      said = await codeOf(goesOn(tx));
      setTimeout(tried.open, 50); // so that what it sends at its end has been sent
    });
    await killed.opened;
    expect(await codeOf(first)).toMatch(/CONNECTION_CLOSED|ECONNRESET/);
    const second = one.begin(async (tx) => {
      await tx`insert into lost_notes values ('of the second')`;
      halfway.open();
      await tried.opened;
      throw new Error("the second thinks better of it");
    });
    await expect(second).rejects.toThrow("thinks better");
    return said;
  }

  it("is told so by its next statement, which nobody else's session runs", async () => {
    expect(await overtaken((tx) => tx`insert into lost_notes values ('of the first')`)).toBe("CONNECTION_CLOSED");
    expect(await notes()).toEqual([]);
  });

  it("commits nobody else's work when it comes to its end", async () => {
    await overtaken(async () => {});
    expect(await notes()).toEqual([]);
  });

  it("undoes nobody else's work when it fails", async () => {
    const [killed, begun, undone] = [gate(), gate(), gate()];
    const first = one.begin(async (tx) => {
      await endSession(tx);
      killed.open();
      await begun.opened;
      setTimeout(undone.open, 50);
      throw new Error("the first fails");
    });
    await killed.opened;
    expect(await codeOf(first)).toMatch(/CONNECTION_CLOSED|ECONNRESET/);
    await one.begin(async (tx) => {
      await tx`insert into lost_notes values ('kept')`;
      begun.open();
      await undone.opened;
    });
    expect(await notes()).toEqual(["kept"]);
    await database.sql`delete from lost_notes`;
  });
});

describe("sessions that are ended again and again under load", () => {
  const ROUNDS = 40;
  const ASKERS = 24;

  it("leave no question without an answer and give nobody another's, and the process lives", { timeout: 120_000 }, async () => {
    const pool = openSql(database.url, { max: 3, max_pipeline: 1, connection: { application_name: "lost", role: "drover_tenant" } } as object);
    const tenant = asTenant(pool, "org_x");
    const counts = { answered: 0, lost: 0, wrong: 0 };
    let going = true;
    const expectation = async (ask: () => Promise<{ n: number }[]>, n: number) => {
      try {
        counts[(await ask())[0]!.n === n ? "answered" : "wrong"] += 1;
      } catch {
        counts.lost += 1;
      }
    };
    const asker = async (at: number) => {
      for (let n = at; going; n += ASKERS) {
        if (at % 3 === 0) await expectation(() => tenant<{ n: number }[]>`select ${n}::int as n`, n);
        else if (at % 3 === 1) await expectation(() => tenant.begin(async (tx) => (await Promise.all([tx<{ n: number }[]>`select ${n}::int as n`, tx`select ${-n}::int as n`]))[0]), n);
        else await expectation(() => pool.begin((tx) => tx.savepoint((inner) => inner<{ n: number }[]>`select ${n}::int as n`)), n);
      }
    };
    const all = Array.from({ length: ASKERS }, (_, at) => asker(at));
    for (let round = 0; round < ROUNDS; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      await database.sql.begin((owner) => owner.unsafe("set local role none; select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lost'"));
    }
    going = false;
    await Promise.all(all); // every one of them was told something
    await pool.end({ timeout: 5 });
    expect(counts).toMatchObject({ wrong: 0 });
    expect(counts.answered).toBeGreaterThan(0);
    expect(counts.lost).toBeGreaterThan(0);
  });
});
