import { and, eq, isNotNull, isNull, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { experiments, experimentTags } from "../../../../db/schema/experiments.ts";
import type { Comparison, Filter, Order } from "../../../../domain/experiments/filter/ast.ts";
import { DomainError } from "../../../../domain/shared/errors.ts";
import { afterPlace, millis, orderOf, page, placeColumn, type Sort } from "../../../models/queries/registry.ts";
import type { ExperimentRecord } from "../mlflow-experiments.ts";
import { momentCondition } from "./attribute-sql.ts";
import { everySql, textCondition } from "./compare-sql.ts";

export const VIEW_TYPES = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"] as const;
export type ViewType = (typeof VIEW_TYPES)[number];

const COLUMNS = { name: experiments.name, experiment_id: experiments.id, creation_time: experiments.createdAt, last_update_time: experiments.updatedAt } as const;
type Column = keyof typeof COLUMNS;

function condition(one: Comparison): SQL {
  if (one.entity === "tags") return tagCondition(one);
  const column = COLUMNS[one.key as Column];
  return one.key.endsWith("_time") ? momentCondition(sql`${column}`, one) : textCondition(sql`${column}`, one);
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

const SORTABLE: Record<Column, { by: Sort["by"]; type: Sort["type"] }> = {
  name: { by: experiments.name, type: sql`text` },
  experiment_id: { by: experiments.id, type: sql`text` },
  creation_time: { by: millis(experiments.createdAt), type: sql`bigint` },
  last_update_time: { by: millis(experiments.updatedAt), type: sql`bigint` },
};

/** The newest first unless `orders` says otherwise; equals by id, so that a page begins exactly where the one before it ended. */
function sortsOf(orders: Order[]): Sort[] {
  const asked = orders.length > 0 ? orders : [{ entity: "attributes" as const, key: "creation_time", descending: true }];
  const named = asked.map(({ entity, key, descending }) => {
    if (entity !== "attributes") throw new DomainError("invalid", `Experiments are sorted by ${Object.keys(COLUMNS).join(", ")}.`);
    return { ...SORTABLE[key as Column], descending };
  });
  return [...named, { ...SORTABLE.experiment_id, descending: asked.at(-1)!.descending }];
}

export async function searchExperiments(db: DbOrTx, ask: Ask): Promise<{ rows: ExperimentRecord[]; next: string | null }> {
  const sorts = sortsOf(ask.orders);
  const where = and(
    eq(experiments.projectId, ask.projectId),
    ask.view === "ALL" ? undefined : ask.view === "ACTIVE_ONLY" ? isNull(experiments.deletedAt) : isNotNull(experiments.deletedAt),
    ask.filter ? everySql(ask.filter, condition) : undefined,
    afterPlace(sorts, ask.token ?? null),
  );
  const rows = await db.select({ row: experiments, place: placeColumn(sorts) }).from(experiments).where(where).orderBy(...orderOf(sorts)).limit(ask.limit + 1);
  const { rows: shown, nextPageToken } = page(rows, ask.limit);
  return { rows: shown, next: nextPageToken };
}
