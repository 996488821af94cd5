import { and, asc, desc, eq, gt, isNotNull, isNull, lt, or, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { experiments, experimentTags } from "../../../../db/schema/experiments.ts";
import { type Comparison, type Filter, isGroup, type Order } from "../../../../domain/experiments/filter/ast.ts";
import { DomainError } from "../../../../domain/shared/errors.ts";
import type { ExperimentRecord } from "../mlflow-experiments.ts";
import { momentCondition } from "./attribute-sql.ts";
import { textCondition } from "./compare-sql.ts";

export const VIEW_TYPES = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"] as const;
export type ViewType = (typeof VIEW_TYPES)[number];

const COLUMNS = { name: experiments.name, experiment_id: experiments.id, creation_time: experiments.createdAt, last_update_time: experiments.updatedAt } as const;
type Column = keyof typeof COLUMNS;

function condition(filter: Filter): SQL {
  if (isGroup(filter)) return filter.kind === "and" ? and(...filter.items.map(condition))! : or(...filter.items.map(condition))!;
  if (filter.entity === "tags") return tagCondition(filter);
  const column = COLUMNS[filter.key as Column];
  return filter.key.endsWith("_time") ? momentCondition(sql`${column}`, filter) : textCondition(sql`${column}`, filter);
}

function tagCondition(one: Comparison): SQL {
  const there = sql`select 1 from ${experimentTags} t where t.experiment_id = ${experiments}.id and t.key = ${one.key}`;
  if (one.kind === "null") return one.not ? sql`exists (${there})` : sql`not exists (${there})`;
  return sql`exists (${there} and ${textCondition(sql`t.value`, one)})`;
}

interface Ask {
  projectId: string;
  view: ViewType;
  filter: Filter | null;
  orders: Order[];
  limit: number;
  token: string | undefined;
}

/** One page, the newest first unless `orders` says otherwise. One order besides the id is kept; it is what pages begin by. */
export async function searchExperiments(db: DbOrTx, ask: Ask): Promise<{ rows: ExperimentRecord[]; next: string | null }> {
  const order = ask.orders[0] ?? { entity: "attributes", key: "creation_time", descending: true };
  if (order.entity !== "attributes" || ask.orders.length > 1) throw new DomainError("invalid", "Experiments are sorted by one of name, experiment_id, creation_time and last_update_time.");
  const column = COLUMNS[order.key as Column];
  const way = order.descending ? desc : asc;
  const where = and(
    eq(experiments.projectId, ask.projectId),
    ask.view === "ALL" ? undefined : ask.view === "ACTIVE_ONLY" ? isNull(experiments.deletedAt) : isNotNull(experiments.deletedAt),
    ask.filter ? condition(ask.filter) : undefined,
    ask.token ? afterRow(await rowOf(db, ask.projectId, ask.token), order) : undefined,
  );
  const rows = await db.select().from(experiments).where(where).orderBy(way(column), way(experiments.id)).limit(ask.limit + 1);
  const shown = rows.slice(0, ask.limit);
  return { rows: shown, next: rows.length > ask.limit ? Buffer.from(shown.at(-1)!.id).toString("base64url") : null };
}

/** A token names the last row of its page. */
async function rowOf(db: DbOrTx, projectId: string, token: string): Promise<ExperimentRecord> {
  const id = Buffer.from(token, "base64url").toString("utf8");
  const [row] = await db.select().from(experiments).where(and(eq(experiments.projectId, projectId), eq(experiments.id, id)));
  if (!row) throw new DomainError("invalid", "Invalid page token. It must come from the page before, of the same search.");
  return row;
}

function afterRow(row: ExperimentRecord, { key, descending }: Order): SQL {
  const beyond = descending ? lt : gt;
  const value = { name: row.name, experiment_id: row.id, creation_time: row.createdAt, last_update_time: row.updatedAt }[key as Column];
  const column = COLUMNS[key as Column];
  return or(beyond(column, value), and(eq(column, value), beyond(experiments.id, row.id)))!;
}
