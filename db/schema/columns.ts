import { sql, type SQL } from "drizzle-orm";
import { customType, text, timestamp, type PgColumn } from "drizzle-orm/pg-core";
import { v7 } from "uuid";
import { ID_PREFIXES, type IdKind } from "../../domain/shared/id-format.ts";

/** A new id of this kind: sorts by creation. */
export const newId = (kind: IdKind): string => `${ID_PREFIXES[kind]}_${v7()}`;

export const id = (kind: IdKind) => text().primaryKey().$defaultFn(() => newId(kind));
export const moment = () => timestamp({ withTimezone: true, precision: 3, mode: "date" });
export const timestamps = {
  createdAt: moment().notNull().defaultNow(),
  updatedAt: moment().notNull().defaultNow().$onUpdate(() => new Date()),
};
export const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });

/** `text` + CHECK instead of an enum type: a new value needs no ALTER TYPE. The list lives in domain/. */
export function oneOf(column: PgColumn, values: readonly string[]): SQL {
  return sql`${column} in (${sql.raw(values.map((value) => `'${value}'`).join(", "))})`;
}
