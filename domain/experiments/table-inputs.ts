import { z } from "zod";
import { ExperimentId, RunId, Slug } from "../shared/ids.ts";
import { ValueColumn } from "./compare/inputs.ts";
import { RunFilter } from "./run-inputs.ts";
import { MAX_BULK } from "./bulk.ts";
import { MAX_COLUMNS, MAX_ORDERS } from "./table-columns.ts";

/** Which runs: the chips of the page, and a filter in the grammar. */
export const TableSet = RunFilter.extend({
  filter: z.string().max(20_000).optional(),
  /** Those that were archived instead of those that were not. */
  archived: z.boolean().default(false),
});
export type TableSet = z.output<typeof TableSet>;
const Orders = z.array(z.string().max(300)).max(MAX_ORDERS).default([]);
export const SearchTable = TableSet.extend({
  sorts: Orders,
  columns: z.array(ValueColumn).max(MAX_COLUMNS).default([]),
  cursor: z.string().max(20_000).optional(),
  limit: z.int().min(1).max(200).default(100),
});
export type SearchTable = z.output<typeof SearchTable>;
export const TableRows = z.strictObject({ ids: z.array(RunId).min(1).max(200), columns: z.array(ValueColumn).max(MAX_COLUMNS).default([]) });
export type TableRows = z.output<typeof TableRows>;
export const NewerRuns = TableSet.extend({ since: RunId });
export type NewerRuns = z.output<typeof NewerRuns>;
export const TableKeys = z.strictObject({ project: Slug.optional(), experimentId: ExperimentId.optional() });
export type TableKeys = z.output<typeof TableKeys>;

export const TABLE_GROUPS = ["experiment", "project", "status", "owner", "cluster"] as const;
export const GroupTable = TableSet.extend({
  by: z.union([z.enum(TABLE_GROUPS), z.string().regex(/^(?:param|tag):./s).max(254)]),
  /** Metrics whose mean, least and greatest last value each group shows. */
  metrics: z.array(z.string().min(1).max(250)).max(3).default([]),
  /** Also what each group cost. For whom costs are not, nothing did. */
  costs: z.boolean().default(false),
});
export type GroupTable = z.output<typeof GroupTable>;

const Key = z.string().trim().min(1).max(250);

export const TagRuns = z.strictObject({ ids: z.array(RunId).min(1).max(MAX_BULK), set: z.record(Key, z.string().max(5000)).default({}), remove: z.array(Key).max(50).default([]) });
export type TagRuns = z.output<typeof TagRuns>;
export const ArchiveRuns = z.strictObject({ ids: z.array(RunId).min(1).max(MAX_BULK), archived: z.boolean() });
export type ArchiveRuns = z.output<typeof ArchiveRuns>;
