import type { TransactionSql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oneOfEach } from "../trpc/testing.ts";
import { type TestServer, testServer } from "./testing.ts";

/** What belongs to no organization: sign-in, and this installation's own books. Another one is added here, on purpose and reviewed. */
const NOBODYS = ["accounts", "drover_migrations", "metric_compaction", "server_beats", "setup_links", "verifications"];

/** Shared between organizations: a tenant sees them and changes nothing. */
const READ_ONLY = new Set(["org_people", "sessions", "users"]);
/** What only grows. */
const LASTING = ["audit_log", "exchange_rates", "ledger_entries", "price_lines"];

interface Table {
  name: string;
  columns: string[];
}

describe("the database's own isolation of organizations", () => {
  let server: TestServer;
  let tables: Table[];
  let [ours, theirs] = ["", ""];
  beforeAll(async () => {
    server = await testServer();
    const [here, there] = [await server.make.org({ name: "ours" }), await server.make.org({ name: "theirs" })];
    await oneOfEach(server, here, here.project, "ours");
    await oneOfEach(server, there, there.project, "theirs");
    [ours, theirs] = [here.id, there.id];
    tables = await server.sql<Table[]>`
      select c.relname as name, array_agg(quote_ident(a.attname)) filter (where a.attgenerated = '') as columns
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> all(${NOBODYS}) group by 1 order by 1`;
  });
  afterAll(() => server.close());

  /** Raw SQL as a tenant's session sends it; nothing of it stays. */
  async function as<Result>(orgId: string | null, work: (tx: TransactionSql) => Promise<Result>): Promise<Result> {
    const undone = new Error("undone");
    let result: Result | undefined;
    await server.sql.begin(async (tx) => {
      await tx`set local role drover_tenant`;
      if (orgId !== null) await tx`select set_config('drover.org', ${orgId}, true)`;
      result = await work(tx);
      throw undone;
    }).catch((error: unknown) => {
      if (error !== undone) throw error;
    });
    return result as Result;
  }
  const count = async (tx: Pick<TransactionSql, "unsafe">, name: string) => Number((await tx.unsafe<{ n: string }[]>(`select count(*) as n from ${name}`))[0]!.n);

  it("is forced on every table that holds an organization's rows, under roles that own nothing and pass by no policy", async () => {
    const held = await server.sql<{ name: string; policies: string[] }[]>`
      select c.relname as name, array(select polname::text from pg_policy where polrelid = c.oid and polname in ('app', 'tenant') order by 1) as policies
      from pg_class c where c.relname = any(${tables.map(({ name }) => name)}) and c.relrowsecurity and c.relforcerowsecurity order by 1`;
    expect(held.map(({ name, policies }) => [name, policies])).toEqual(tables.map(({ name }) => [name, ["app", "tenant"]]));
    const roles = await server.sql`select rolname, rolsuper, rolbypassrls, rolcreaterole, (select count(*) from pg_class where relowner = r.oid)::int as owned, has_schema_privilege(r.oid, 'public', 'create') as makes from pg_roles r where rolname in ('drover_app', 'drover_tenant') order by 1`;
    expect([...roles]).toEqual(["drover_app", "drover_tenant"].map((rolname) => ({ rolname, rolsuper: false, rolbypassrls: false, rolcreaterole: false, owned: 0, makes: false })));
    expect(await server.sql`select current_user as me`).toMatchObject([{ me: "drover_app" }]);
  });

  it("hides sign-in and the installation's books from tenants, and lets nobody empty a table or make one", async () => {
    for (const name of NOBODYS) await expect(as(ours, (tx) => count(tx, name)), name).rejects.toMatchObject({ code: "42501" });
    for (const act of ["truncate ledger_entries", "create table mine (id int)", "drop policy tenant on runs", "alter table runs disable row level security"]) {
      await expect(as(ours, (tx) => tx.unsafe(act)), act).rejects.toMatchObject({ code: "42501" });
      await expect(server.sql.unsafe(act), act).rejects.toMatchObject({ code: "42501" });
    }
  });

  it("shows each organization its own rows, and a session that names none nothing at all", async () => {
    const seen = async (orgId: string | null) => as(orgId, async (tx) => Object.fromEntries(await Promise.all(tables.map(async ({ name }) => [name, await count(tx, name)] as const))));
    const [mine, other, none] = [await seen(ours), await seen(theirs), await seen(null)];
    const filled: string[] = [];
    for (const { name } of tables) {
      const all = await count(server.sql, name);
      expect([name, mine[name]! + other[name]!]).toEqual([name, all]);
      expect([name, none[name]]).toEqual([name, 0]);
      if (mine[name]! > 0 && other[name]! > 0) filled.push(name);
    }
    expect(filled.length).toBeGreaterThan(30);
  });

  it("lets nobody change or remove what only grows: the audit log, the ledger, prices and rates", async () => {
    for (const name of LASTING) {
      for (const act of [`update ${name} set org_id = org_id`, `delete from ${name}`]) {
        await expect(as(ours, (tx) => tx.unsafe(act)), act).rejects.toMatchObject({ code: "42501" });
        await expect(server.sql.unsafe(act), act).rejects.toMatchObject({ code: "42501" });
      }
    }
  });

  it("shows of a member's sessions only when they began", async () => {
    await expect(as(ours, (tx) => tx`select token from sessions`)).rejects.toMatchObject({ code: "42501" });
    await expect(as(ours, (tx) => tx`select max(created_at) from sessions`)).resolves.toHaveLength(1);
    for (const name of READ_ONLY) await expect(as(ours, (tx) => tx.unsafe(`delete from ${name}`)), name).rejects.toMatchObject({ code: "42501" });
  });

  it("lets nobody change, remove or bring in another's rows by raw SQL", async () => {
    for (const { name, columns } of tables.filter((table) => !READ_ONLY.has(table.name))) {
      const foreign = await as(theirs, (tx) => tx.unsafe<{ row: unknown }[]>(`select to_jsonb(t) as row from ${name} t limit 1`));
      if (foreign.length === 0) continue;
      const own = await as(ours, (tx) => count(tx, name));
      if (!LASTING.includes(name)) expect([name, await as(ours, async (tx) => (await tx.unsafe(`update ${name} set ${columns[0]} = ${columns[0]}`)).count)]).toEqual([name, own]);
      const brought = as(ours, (tx) => tx.unsafe(`insert into ${name} (${columns.join(", ")}) select ${columns.join(", ")} from jsonb_populate_record(null::${name}, $1::text::jsonb)`, [JSON.stringify(foreign[0]!.row)]));
      await expect(brought, name).rejects.toMatchObject({ code: "42501" });
    }
  });
});
