import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type { Sql } from "postgres";
import { env } from "../env.ts";
import { openSql } from "./connection.ts";
import * as schema from "./schema/index.ts";
import { preparesOften } from "./prepared.ts";
import { asTenant } from "./tenant.ts";

export type Db = PostgresJsDatabase<typeof schema>;
export type Tx = Parameters<Parameters<Db["transaction"]>[0]>[0];
/** Either: a read that may also run inside a transaction. */
export type DbOrTx = Db | Tx;

/** Two clients: drizzle changes the parsers of the one it wraps, so raw SQL and LISTEN get their own. */
export interface Clients {
  db: Db;
  sql: Sql;
}
export interface AllClients extends Clients {
  /** What is done for somebody of one organization: the database shows it nothing of another's (db/migrations/0025_tenants.sql). */
  tenant: (orgId: string) => Clients;
  close: () => Promise<void>;
}

interface Sizes {
  max?: number;
  rawMax?: number;
}

/** No one's clients for more organizations than this are kept; they cost a little to make. */
const TENANTS_KEPT = 500;

export function connect(url: string, { max = 10, rawMax = 6 }: Sizes = {}): AllClients {
  const pools: Sql[] = [];
  const open = (role: string, size: number, options = {}): Sql => {
    const pool = openSql(url, { connect_timeout: 10, max: size, connection: { role }, ...options });
    pools.push(pool);
    return pool;
  };
  const wrap = (sql: Sql): Db => drizzle(sql, { schema, casing: "snake_case" });
  const tenants = new Map<string, Clients>();
  // Opened by the first who asks: a worker or a script has no tenants. One statement at a time on a connection: see asTenant.
  let forTenants: { wrapped: Sql; raw: Sql } | undefined;
  function tenant(orgId: string): Clients {
    forTenants ??= { wrapped: preparesOften(open("drover_tenant", max, { max_pipeline: 1 })), raw: open("drover_tenant", rawMax, { max_pipeline: 1 }) };
    const known = tenants.get(orgId);
    if (known) return known;
    if (tenants.size >= TENANTS_KEPT) tenants.delete(tenants.keys().next().value!);
    const made = { db: wrap(asTenant(forTenants.wrapped, orgId)), sql: asTenant(forTenants.raw, orgId) };
    tenants.set(orgId, made);
    return made;
  }
  return {
    db: wrap(preparesOften(open("drover_app", max))),
    sql: open("drover_app", rawMax),
    tenant,
    close: async () => void (await Promise.all(pools.map((pool) => pool.end({ timeout: 5 })))),
  };
}

// Next's chunks and our server bundle each hold a copy of this module: one pool for both.
const shared = globalThis as typeof globalThis & { droverClients?: AllClients };

export function clients(): AllClients {
  shared.droverClients ??= connect(env().DATABASE_URL);
  return shared.droverClients;
}
