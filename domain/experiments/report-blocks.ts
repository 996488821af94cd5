import { parse, YAMLParseError } from "yaml";
import { z } from "zod";
import { RunId, Slug } from "../shared/ids.ts";
import { MAX_COMPARED } from "./compare/buckets.ts";
import { CompareX, GroupBy } from "./compare/inputs.ts";
import { MAX_COLUMNS, MAX_ORDERS, parseColumn, parseSorts } from "./table-columns.ts";

/** Live parts of a report: fenced blocks of its markdown, `chart` or `runs`, each a small YAML document. */

export const BLOCK_KINDS = ["chart", "runs"] as const;
export type BlockKind = (typeof BLOCK_KINDS)[number];
export const isBlockKind = (word: string): word is BlockKind => (BLOCK_KINDS as readonly string[]).includes(word);

/** `metric: loss` or a list of them; one alone is a list of one. */
const words = (max: number, each: z.ZodType<string>) => z.union([each.transform((one) => [one]), z.array(each).min(1).max(max)]);
const Column = z.string().max(300).refine((text) => parseColumn(text) !== null, "No such column. Use status, name, duration, cost, cluster, owner, metric:<key>, param:<key> or tag:<key>.");
const Sort = z.string().max(300).refine((text) => parseSorts([text]).length === 1, "It cannot be sorted by that. Use metric:<key>, param:<key>, created, cost or duration, with - in front for the greatest first.");

/** Which runs: those named, or those that a filter finds now. */
const RUN_SET = {
  runs: words(MAX_COMPARED, RunId).optional(),
  filter: z.string().max(20_000).optional(),
  /** The report's own where it is absent. */
  project: Slug.optional(),
  sort: words(MAX_ORDERS, Sort).optional(),
};

const Chart = z.strictObject({
  ...RUN_SET,
  limit: z.int().min(1).max(MAX_COMPARED).default(20),
  metric: words(6, z.string().min(1).max(250)),
  title: z.string().max(120).optional(),
  x: CompareX.default("step"),
  group: GroupBy.optional(),
  smooth: z.int().min(0).max(99).default(0),
  logx: z.boolean().default(false),
  logy: z.boolean().default(false),
  height: z.int().min(120).max(800).default(320),
});
const Runs = z.strictObject({
  ...RUN_SET,
  limit: z.int().min(1).max(MAX_COMPARED).default(10),
  columns: z.array(Column).min(1).max(MAX_COLUMNS).default(["status", "name", "metrics", "duration", "created"]),
});

export type ChartBlock = z.output<typeof Chart> & { kind: "chart" };
export type RunsBlock = z.output<typeof Runs> & { kind: "runs" };
export type ReportBlock = ChartBlock | RunsBlock;

const KEYS: Record<BlockKind, string[]> = { chart: Object.keys(Chart.shape), runs: Object.keys(Runs.shape) };

/** What a block says, or in one sentence what is wrong with it, naming the field. */
export function parseBlock(kind: BlockKind, text: string): { block: ReportBlock } | { problem: string } {
  let given: unknown;
  try {
    given = parse(text, { maxAliasCount: 0, logLevel: "error" }) ?? {};
  } catch (error) {
    return { problem: error instanceof YAMLParseError ? `${error.message.split("\n")[0]!.replace(/:$/, "")}.` : "This is not YAML." };
  }
  const parsed = (kind === "chart" ? Chart : Runs).safeParse(given);
  if (parsed.success) return { block: { kind, ...parsed.data } as ReportBlock };
  const { issues } = parsed.error;
  return { problem: problemOf(kind, issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0]!) }; // a misspelt field is why another one is missing
}

function problemOf(kind: BlockKind, issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") return `A ${kind} block has no field ${issue.keys.join(", ")}. It has ${KEYS[kind].join(", ")}.`;
  const field = issue.path.join(".");
  const inner = issue.code === "invalid_union" ? issue.errors.flat().find((one) => one.code === "custom" || one.code === "invalid_format") : undefined;
  if (kind === "chart" && field === "metric") return "metric: name a metric, such as loss, a list of them, or a /pattern/.";
  return field ? `${field}: ${inner?.message ?? issue.message}` : `A ${kind} block is a list of fields, such as “limit: 20”.`;
}
