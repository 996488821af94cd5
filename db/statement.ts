import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";

/** A statement as it travels to a thread: its text, and what it is asked with. */
export interface Statement {
  text: string;
  params: unknown[];
}

const dialect = new PgDialect({ casing: "snake_case" });

export function statementOf(asked: SQL): Statement {
  const { sql: text, params } = dialect.sqlToQuery(asked);
  return { text, params };
}
