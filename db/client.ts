import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type { Sql } from "postgres";
import { env } from "../env.ts";
import { openSql } from "./connection.ts";
import * as schema from "./schema/index.ts";

export type Db = PostgresJsDatabase<typeof schema>;
export type Tx = Parameters<Parameters<Db["transaction"]>[0]>[0];
/** Either: a read that may also run inside a transaction. */
export type DbOrTx = Db | Tx;

interface Clients {
  db: Db;
  sql: Sql;
  close: () => Promise<void>;
}

/** Two clients: drizzle changes the parsers of the one it wraps, so raw SQL and LISTEN get their own. */
export function connect(url: string, options: { max?: number; rawMax?: number } = {}): Clients {
  const shared = { connect_timeout: 10 };
  const wrapped = openSql(url, { ...shared, max: options.max ?? 10 });
  const raw = openSql(url, { ...shared, max: options.rawMax ?? 6 });
  return {
    db: drizzle(wrapped, { schema, casing: "snake_case" }),
    sql: raw,
    close: async () => {
      await Promise.all([wrapped.end({ timeout: 5 }), raw.end({ timeout: 5 })]);
    },
  };
}

// Next's chunks and our server bundle each hold a copy of this module: one pool for both.
const shared = globalThis as typeof globalThis & { droverClients?: Clients };

export function clients(): Clients {
  shared.droverClients ??= connect(env().DATABASE_URL);
  return shared.droverClients;
}
