/** The one grammar in which runs are searched: MLflow's, with `or` and parentheses added. */

export const ENTITIES = ["attributes", "metrics", "params", "tags", "datasets"] as const;
export type Entity = (typeof ENTITIES)[number];

/** Where in the text something stands, counted in UTF-16 units: [from, to). */
export interface Span {
  from: number;
  to: number;
}

export type Ordering = "=" | "!=" | "<" | "<=" | ">" | ">=";
export type Comparison =
  | { kind: "compare"; entity: Entity; key: string; op: Ordering; value: string | number }
  | { kind: "like"; entity: Entity; key: string; caseless: boolean; pattern: string }
  | { kind: "in"; entity: Entity; key: string; not: boolean; values: (string | number)[] }
  | { kind: "null"; entity: Entity; key: string; not: boolean };
/** `and` and `or` hold two or more. */
export type Group = { kind: "and" | "or"; items: Filter[] };
export type Filter = (Comparison | Group) & { at?: Span };

export const isGroup = (filter: Filter): filter is Group & { at?: Span } => filter.kind === "and" || filter.kind === "or";

export interface Order {
  entity: Entity;
  key: string;
  descending: boolean;
}

/** What is wrong with a filter, and where. */
export class FilterError extends Error {
  readonly at: Span;
  constructor(message: string, at: Span) {
    super(message);
    this.name = "FilterError";
    this.at = at;
  }
}

/** `text` compares as text, `number` as a number, `moment` as Unix milliseconds, `money` as an exact decimal: what it is compared with stays the digits that were written. */
export type AttributeKind = "text" | "number" | "moment" | "money";
/** Attributes by the name that they have in a filter. */
export const ATTRIBUTES = {
  run_id: "text",
  run_name: "text",
  status: "text",
  user_id: "text",
  artifact_uri: "text",
  experiment_id: "text",
  experiment: "text", // its name; so with project, owner and cluster
  project: "text",
  start_time: "moment",
  end_time: "moment",
  created: "moment",
  duration: "number", // seconds; until now while it runs
  owner: "text",
  cluster: "text",
  origin: "text",
  failure_class: "text",
  priority: "number",
  gpus: "number",
  nodes: "number",
  attempts: "number",
  cost: "money", // of what the ledger has, in the organization's currency
} as const satisfies Record<string, AttributeKind>;
export type Attribute = keyof typeof ATTRIBUTES;
export const isMoney = (entity: Entity, key: string): boolean => entity === "attributes" && ATTRIBUTES[key as Attribute] === "money";
/** How an amount is written. */
export const AMOUNT = /^[+-]?\d{1,20}(?:\.\d{0,18})?$/;

/** Other names that MLflow knows for the same. */
export const ATTRIBUTE_ALIASES: Record<string, Attribute> = { "run name": "run_name", runname: "run_name", name: "run_name", id: "run_id", "start time": "start_time", start: "start_time", "end time": "end_time", created_at: "created", user: "user_id" };
/** What a filter may name: runs, unless said otherwise. */
export interface Names {
  attributes: Readonly<Record<string, AttributeKind>>;
  aliases: Readonly<Record<string, string>>;
  entities: readonly Entity[];
  /** Those of the attributes that are numbers and may be written as texts. */
  numerals?: readonly string[];
}
/** Of a data set that the run read. */
export const DATASET_FIELDS = ["name", "digest", "context"] as const;

export const RUN_NAMES: Names = { attributes: ATTRIBUTES, aliases: ATTRIBUTE_ALIASES, entities: ENTITIES };
const without = (...left: Attribute[]) => Object.fromEntries(Object.entries(ATTRIBUTES).filter(([name]) => !left.includes(name as Attribute)));
/** For whom costs are not: there is no such name. */
export const RUN_NAMES_WITHOUT_COST: Names = { ...RUN_NAMES, attributes: without("cost") };
/** As MLflow's clients say it: there `created` is another word for when a run began, which a client may say of long ago. What runs cost is not asked for with a permission to read runs. */
export const MLFLOW_RUN_NAMES: Names = {
  ...RUN_NAMES,
  attributes: without("created", "cost"),
  aliases: { ...ATTRIBUTE_ALIASES, created: "start_time", created_at: "start_time" },
};
export const EXPERIMENT_NAMES: Names = {
  attributes: { name: "text", experiment_id: "text", creation_time: "moment", last_update_time: "moment" },
  aliases: { id: "experiment_id" },
  entities: ["attributes", "tags"],
};

export const ENTITY_ALIASES: Record<string, Entity> = {
  attribute: "attributes", attributes: "attributes", attr: "attributes", run: "attributes",
  metric: "metrics", metrics: "metrics",
  param: "params", params: "params", parameter: "params", parameters: "params",
  tag: "tags", tags: "tags",
  dataset: "datasets", datasets: "datasets",
};
