import { z } from "zod";
import { AttemptId, ExperimentId, RunId, Slug } from "../shared/ids.ts";
import { RunSpec } from "./run-spec.ts";
import { RUN_STATUSES } from "./run-status.ts";

/** What the procedures of the runs take. Forms, the URL of the list and the CLI parse with the same schemas. */
export const RunFilter = z.strictObject({
  /** Slug of one project; every project the caller reaches when absent. */
  project: Slug.optional(),
  experimentId: ExperimentId.optional(),
  status: z.array(z.enum(RUN_STATUSES)).max(RUN_STATUSES.length).optional(),
  /** Part of the name, a whole run id, or `key=value` of a parameter or tag. */
  text: z.string().trim().max(200).optional(),
  owner: z.literal("me").optional(),
});
export type RunFilter = z.output<typeof RunFilter>;

const Limit = z.int().min(1).max(200).default(50);
export const ListRuns = RunFilter.extend({ cursor: RunId.optional(), limit: Limit });
export type ListRuns = z.output<typeof ListRuns>;

export const InProject = z.strictObject({ project: Slug.optional() });
export const OneRun = z.strictObject({ id: RunId });
/** What a retention rule took of a run. */
export const AskRemoval = OneRun.extend({ what: z.enum(["files", "logs"]).default("files") });
export type AskRemoval = z.output<typeof AskRemoval>;
export const ListRunEvents = OneRun.extend({
  cursor: z.string().max(64).optional(),
  limit: Limit,
  /** Only those that charts mark with a line. */
  marking: z.boolean().default(false),
});
export type ListRunEvents = z.output<typeof ListRunEvents>;

export const CheckSpec = z.strictObject({ yaml: z.string().max(1_000_000) });
export const PlanRun = z.strictObject({ spec: RunSpec });
export const SubmitRun = z.strictObject({
  spec: RunSpec,
  /** A submit repeated with the same key by the same caller returns the same run. */
  idempotencyKey: z.string().min(1).max(128).optional(),
});
export type SubmitRun = z.output<typeof SubmitRun>;
export const CancelRun = OneRun.extend({ reason: z.string().trim().max(500).optional() });
export type CancelRun = z.output<typeof CancelRun>;

const Stream = z.enum(["stdout", "stderr"]);
const Seq = z.int().min(-1).max(2_147_483_647);
export const MAX_LOG_PAGE_BYTES = 1024 * 1024;
export const ReadLog = z.strictObject({
  attemptId: AttemptId,
  /** Chunks with a greater number; -1 reads from the start. */
  after: Seq.optional(),
  /** Chunks with a smaller number, the nearest ones. */
  before: Seq.optional(),
  /** A line's number, counted from 0 over both streams: the page has it and some of what comes before. */
  aroundLine: z.int().nonnegative().optional(),
  stream: Stream.optional(),
  /** The end of the log. */
  tail: z.boolean().optional(),
  maxBytes: z.int().min(1024).max(MAX_LOG_PAGE_BYTES).default(256 * 1024),
});
export type ReadLog = z.output<typeof ReadLog>;

export const LOG_LEVELS = ["error", "warn", "info"] as const;
export const SearchLog = z.strictObject({
  attemptId: AttemptId,
  /** Empty finds every line of the level or rank. */
  text: z.string().max(500),
  /** RE2 syntax: matched in time linear in the log, so no pattern can hang the server. */
  regex: z.boolean().default(false),
  stream: Stream.optional(),
  /** Guessed from the words in the line. */
  level: z.enum(LOG_LEVELS).optional(),
  /** Only what this one of several processes wrote. */
  rank: z.int().min(0).max(99_999_999).optional(),
  cursor: z.string().regex(/^\d{1,10}(\.\d{1,10})?$/).optional(),
});
export type SearchLog = z.output<typeof SearchLog>;

const Buckets = z.int().min(1).max(1000).default(500);
export const SERIES_X = ["step", "time", "relative"] as const;
export type SeriesX = (typeof SERIES_X)[number];
export const ReadSeries = z.strictObject({
  id: RunId,
  keys: z.array(z.string().min(1).max(250)).min(1).max(20),
  /** `time` is Unix ms, `relative` seconds since the run's first process began. */
  x: z.enum(SERIES_X).default("step"),
  from: z.number().optional(),
  to: z.number().optional(),
  buckets: Buckets,
});
export type ReadSeries = z.output<typeof ReadSeries>;
export const ReadSystemSeries = z.strictObject({
  id: RunId,
  attemptId: AttemptId.optional(),
  x: z.enum(["time", "relative"]).default("relative"),
  from: z.number().optional(),
  to: z.number().optional(),
  buckets: Buckets,
});
export type ReadSystemSeries = z.output<typeof ReadSystemSeries>;
