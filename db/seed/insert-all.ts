import { getTableName, sql } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import type { Db } from "../client.ts";

/**
 * All rows as one JSON parameter: writing out a parameter for each value takes longer than the database takes to store it.
 * Every row names the same columns; the others get the database's defaults, which ids have none of.
 */
export async function insertAll<T extends PgTable>(db: Db, table: T, rows: readonly T["$inferInsert"][]): Promise<void> {
  if (rows.length === 0) return;
  const name = sql.identifier(getTableName(table));
  const columns = sql.join(Object.keys(rows[0]!).map((key) => sql.identifier(columnOf(key))), sql`, `);
  const told = JSON.stringify(rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [columnOf(key), sayable(value)]))));
  await db.execute(sql`insert into ${name} (${columns}) select ${columns} from json_populate_recordset(null::${name}, ${told}::text::json)`).catch((error: Error) => {
    throw new Error(`Rows of ${getTableName(table)} were refused: ${error.cause instanceof Error ? error.cause.message : "see the cause"}.`, { cause: error.cause }); // its own words hold all of them
  });
}

const columnOf = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** JSON has no NaN and no infinity: as text PostgreSQL reads them. */
const sayable = (value: unknown): unknown => (Array.isArray(value) && value.some(isUnsayable) ? value.map(sayable) : isUnsayable(value) ? String(value) : value);
const isUnsayable = (value: unknown): boolean => typeof value === "number" && !Number.isFinite(value);
