import { sql, type SQL } from "drizzle-orm";
import { type Comparison, type Filter, isGroup, type Ordering } from "../../../../domain/experiments/filter/ast.ts";

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

/** Text that float8 reads without failing, so that numbers in parameters can be compared as such. */
const NUMERIC = String.raw`^\s*[+-]?([0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})([eE][+-]?[0-9]{1,2})?\s*$`;

export const asksNumber = (one: Comparison): boolean => (one.kind === "compare" && typeof one.value === "number") || (one.kind === "in" && one.values.some((each) => typeof each === "number"));

/** `expression` is a text that may hold a number: a parameter, a tag. */
export const valueCondition = (expression: SQL, one: Comparison): SQL => (asksNumber(one) ? sql`case when ${expression} ~ ${NUMERIC} then ${numberCondition(sql`(${expression})::float8`, one)} else false end` : textCondition(expression, one));

/** A filter of which `of` knows the comparisons. */
export function everySql(filter: Filter, of: (one: Comparison) => SQL): SQL {
  if (!isGroup(filter)) return of(filter);
  return sql`(${sql.join(filter.items.map((item) => everySql(item, of)), filter.kind === "and" ? sql` and ` : sql` or `)})`;
}
