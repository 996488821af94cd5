import { sql, type SQL } from "drizzle-orm";
import type { Comparison, Ordering } from "../../../../domain/experiments/filter/ast.ts";

const OPERATORS: Record<Ordering, SQL> = { "=": sql`=`, "!=": sql`<>`, "<": sql`<`, "<=": sql`<=`, ">": sql`>`, ">=": sql`>=` };

/** JSON and drivers have no word for some numbers; Postgres does. */
export const float = (value: number): SQL => sql`${Object.is(value, -0) ? "-0" : String(value)}::float8`;

/** `expression` is float8. Postgres puts NaN above every number, MLflow beside them: only = and != see one. */
export function numberCondition(expression: SQL, one: Comparison): SQL {
  if (one.kind === "compare") {
    const condition = sql`${expression} ${OPERATORS[one.op]} ${float(Number(one.value))}`;
    return one.op === ">" || one.op === ">=" ? sql`(${condition} and ${expression} < 'NaN'::float8)` : condition;
  }
  if (one.kind === "in") {
    const list = sql`${expression} in (${sql.join(one.values.map((value) => float(Number(value))), sql`, `)})`;
    return one.not ? sql`not (${list})` : list;
  }
  if (one.kind === "null") return one.not ? sql`${expression} is not null` : sql`${expression} is null`;
  return sql`${expression}::text ${one.caseless ? sql`ilike` : sql`like`} ${one.pattern}`;
}

export function textCondition(expression: SQL, one: Comparison): SQL {
  if (one.kind === "compare") return sql`${expression} ${OPERATORS[one.op]} ${String(one.value)}`;
  if (one.kind === "like") return sql`${expression} ${one.caseless ? sql`ilike` : sql`like`} ${one.pattern}`;
  if (one.kind === "null") return one.not ? sql`${expression} is not null` : sql`${expression} is null`;
  const values = sql`${sql.param(one.values.map(String))}::text[]`;
  return one.not ? sql`${expression} <> all(${values})` : sql`${expression} = any(${values})`;
}
