import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { connect } from "./client.ts";
import { migrate } from "./migrate.ts";

const MIGRATIONS = join(import.meta.dirname, "migrations");

/** Where tests make their databases. `./drover test` starts an embedded Postgres and sets it. */
function adminUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error("TEST_DATABASE_URL is not set. Run the tests through ./drover test, which starts a Postgres for them.");
  return url;
}

function withDatabase(url: string, name: string): string {
  const copy = new URL(url);
  copy.pathname = `/${name}`;
  return copy.href;
}

/** Migrated once per state of the migrations folder; every test file then gets a copy of it in about 0.1 s. */
async function template(): Promise<string> {
  const hash = createHash("sha256");
  for (const file of readdirSync(MIGRATIONS).filter((name) => name.endsWith(".sql")).sort()) hash.update(readFileSync(join(MIGRATIONS, file)));
  const name = `template_${hash.digest("hex").slice(0, 12)}`;
  const sql = postgres(adminUrl(), { max: 1, onnotice: () => {} });
  try {
    await sql`select pg_advisory_lock(7070002)`;
    const [found] = await sql`select 1 from pg_database where datname = ${name}`;
    if (found) return name;
    await sql.unsafe(`drop database if exists ${name}_new`);
    await sql.unsafe(`create database ${name}_new`);
    await migrate(withDatabase(adminUrl(), `${name}_new`), MIGRATIONS);
    await sql.unsafe(`alter database ${name}_new rename to ${name}`);
    return name;
  } finally {
    await sql.end();
  }
}

/** A fresh, migrated database of one's own. `close` drops it. */
export async function testDatabase() {
  const from = await template();
  const name = `test_${randomBytes(6).toString("hex")}`;
  const admin = postgres(adminUrl(), { max: 1, onnotice: () => {} });
  await admin`select pg_advisory_lock(7070003)`; // CREATE DATABASE refuses a template that another copy is reading
  await admin.unsafe(`create database ${name} template ${from}`);
  await admin`select pg_advisory_unlock(7070003)`;
  const url = withDatabase(adminUrl(), name);
  const clients = connect(url, { max: 4, rawMax: 4 });
  return {
    url,
    db: clients.db,
    sql: clients.sql,
    tenant: clients.tenant,
    /** As the owner of the tables, which the application is not. */
    asOwner: (text: string) => clients.sql.begin((tx) => tx.unsafe(`set local role none; ${text}`)),
    close: async () => {
      await clients.close();
      await admin.unsafe(`drop database if exists ${name} with (force)`);
      await admin.end();
    },
  };
}
