import { z } from "zod";
import { ExperimentGoal } from "../experiments/goal-inputs.ts";
import { ClusterId, ExperimentId, ProjectId, RunId, Slug, TeamId, UsageReviewId } from "../shared/ids.ts";
import { daysBetween, MOST_DAYS } from "./days.ts";
import { RATE_SCALE } from "./exchange.ts";
import { FOCUS_DATASETS, FOCUS_VERSIONS, hasDataset } from "./focus.ts";
import { CAPACITY_CLASSES, HELD_KINDS, RESOURCE_KINDS, SERVED_KINDS } from "./metering.ts";
import { PARTS_BY } from "./parts-view.ts";
import { isPeriod } from "./period.ts";
import { PRICE_SCALE } from "./price-book.ts";
import { KEYED_BY, type KeyedBy, SPEND_BY } from "./spend-by.ts";
import { isTooLong, MOST_LEDGER_DAYS } from "./spend-filter.ts";

const Day = z.iso.date();

/** Whole UTC days, both included. */
const Range = z.strictObject({ from: Day, to: Day, project: Slug.optional() });
const sane = ({ from, to }: { from: string; to: string }) => daysBetween(from, to) >= 0 && daysBetween(from, to) < MOST_DAYS;
const SANE = { message: `Must not be before from, and at most ${MOST_DAYS} days after it.`, path: ["to"] };
/** Keys of groups, as a spend has them: what fits none finds nothing. */
const Key = z.string().min(1).max(5100).optional();
const Where = z.strictObject({ ...(Object.fromEntries(KEYED_BY.map((by) => [by, Key])) as Record<KeyedBy, typeof Key>), tag: z.strictObject({ key: z.string().min(1).max(250), value: z.string().min(1).max(5100) }).optional() }).optional();
/** Days of what is narrowed to all of `where` at once. */
const Narrowed = Range.extend({ where: Where });
export const ReadSpend = Narrowed.extend({ by: z.enum(SPEND_BY).default("project"), tag: z.string().min(1).max(250).optional() })
  .refine(sane, SANE)
  .refine(({ by, tag }) => (by === "tag") === (tag !== undefined), { message: "Name the tag's key with by: tag, and only then.", path: ["tag"] })
  .refine((ask) => !isTooLong(ask.by, ask.where ?? {}, ask), { message: `How runs ended, or their tags, together with clusters, resources or classes, and sweeps, endpoints, releases or pipelines together with anything: of at most ${MOST_LEDGER_DAYS} days.`, path: ["to"] });
export type ReadSpend = z.output<typeof ReadSpend>;
/** What the cost of capacity went to. */
export const ReadParts = Range.extend({ by: z.enum(PARTS_BY).default("cluster") }).refine(sane, SANE);
export type ReadParts = z.output<typeof ReadParts>;
/** A file of every day's sums. `against`: those of other days as well, to compare with. */
export const ExportCosts = Narrowed.extend({ against: z.strictObject({ from: Day, to: Day }).refine(sane, SANE).optional() }).refine(sane, SANE);
export type ExportCosts = z.output<typeof ExportCosts>;
export const ExportParts = Range.refine(sane, SANE);
export type ExportParts = z.output<typeof ExportParts>;
/** Keys of tags by which runs of these days can be told apart. */
export const ListCostTags = Range.refine(sane, SANE);
export type ListCostTags = z.output<typeof ListCostTags>;
/** The dearest runs first. */
export const ListRunCosts = Narrowed.extend({ cursor: z.int().min(0).max(100_000).optional(), limit: z.int().min(1).max(200).default(50) }).refine(sane, SANE);
export type ListRunCosts = z.output<typeof ListRunCosts>;
/** What somebody has to look at about usage, or has. */
export const ListReviews = z.strictObject({ state: z.enum(["open", "resolved"]).default("open") });
export type ListReviews = z.output<typeof ListReviews>;
export const ResolveReviews = z.strictObject({
  ids: z.array(UsageReviewId).min(1).max(200).refine((ids) => new Set(ids).size === ids.length, "Name each review once."),
  note: z.string().trim().min(1, "Say what you found.").max(1000),
});
export type ResolveReviews = z.output<typeof ResolveReviews>;
/** `user`: of that one alone, before what is said of the account. `projectId` null: nobody of Drover pays, or of a user, whoever pays for the account. */
export const NameAccount = z.strictObject({ clusterId: ClusterId, account: z.string().max(128), user: z.string().min(1).max(128).optional(), projectId: ProjectId.nullable() });
export type NameAccount = z.output<typeof NameAccount>;
export const OneRunCost = z.strictObject({ id: RunId });
/** Of a page of runs, in any order. */
export const ReadRunCosts = z.strictObject({ ids: z.array(RunId).min(1).max(200) });
/** `goal`: instead of the one that the experiment's tags name. */
export const ReadExperimentCost = z.strictObject({ id: ExperimentId, goal: ExperimentGoal.optional() });
export type ReadExperimentCost = z.output<typeof ReadExperimentCost>;
export const ReadRunCostSeries = z.strictObject({ id: RunId, x: z.enum(["time", "relative"]).default("relative") });
export type ReadRunCostSeries = z.output<typeof ReadRunCostSeries>;

/** As ISO 4217 calls it, or an organization's own credits. */
export const Currency = z.string().regex(/^[A-Z]{3}$/, "Use three capitals, such as EUR.");
const isServed = (kind: string) => SERVED_KINDS.some((one) => one === kind);
const isHeld = (kind: string) => HELD_KINDS.some((one) => one === kind);
const PRICE = new RegExp(`^\\d{1,12}(\\.\\d{1,${PRICE_SCALE}})?$`);
/** A price of one unit (KIND_UNIT), from a moment on. Empty scopes fit everything. */
export const AddPrice = z.strictObject({
  kind: z.enum(RESOURCE_KINDS),
  clusterId: ClusterId.nullable().default(null),
  model: z.string().trim().toLowerCase().min(1).max(64).nullable().default(null),
  capacityClass: z.enum(CAPACITY_CLASSES).nullable().default(null),
  validFrom: z.iso.datetime({ offset: true }),
  /** Null ends this scope's price: the next wider one holds again. */
  unitPrice: z.string().trim().regex(PRICE, `Write it as plain digits, such as 2.40: at most 12 before the point and ${PRICE_SCALE} after it.`).nullable(),
  /** Null: the organization's own. Of another one, there must be a rate. */
  currency: Currency.nullable().default(null),
  note: z.string().trim().max(500).optional(),
})
  .refine(({ kind, model }) => model === null || kind === "accelerator" || isServed(kind), { message: "Only accelerators and what is served have models.", path: ["model"] })
  .refine(({ kind, capacityClass }) => capacityClass === null || isHeld(kind), { message: "Only what a node has is of a class.", path: ["capacityClass"] })
  .refine(({ kind, clusterId }) => clusterId === null || kind !== "storage", { message: "What is stored is on no cluster.", path: ["clusterId"] });
export type AddPrice = z.output<typeof AddPrice>;
export const AddRate = z.strictObject({
  currency: Currency,
  /** Holds from the begin of this UTC day. */
  validFrom: z.iso.date("Write the day as 2026-11-01."),
  rate: z.string().trim().regex(new RegExp(`^\\d{1,9}(\\.\\d{1,${RATE_SCALE}})?$`), `Write it as plain digits, such as 1.0842: at most 9 before the point and ${RATE_SCALE} after it.`).refine((text) => /[1-9]/.test(text), "Must be more than nothing."),
  note: z.string().trim().max(500).optional(),
});
export type AddRate = z.output<typeof AddRate>;
export const SetCurrency = z.strictObject({ currency: Currency });
export const OnePeriod = z.strictObject({ period: z.string("Write the month as 2026-11.").refine(isPeriod, "Write the month as 2026-11.") });
/** A month's statement; of one team, that team's invoice. `currency`: amounts are shown in it as well. */
export const OneStatement = OnePeriod.extend({ team: TeamId.optional(), currency: Currency.optional() });
export const FileStatement = OneStatement.omit({ team: true });
/** A file after FOCUS of one billing period. */
export const ExportFocus = z
  .strictObject({ period: OnePeriod.shape.period, dataset: z.enum(FOCUS_DATASETS, `Expected one of ${FOCUS_DATASETS.join(", ")}.`).default("cost-and-usage"), version: z.enum(FOCUS_VERSIONS, `Expected one of ${FOCUS_VERSIONS.join(", ")}.`).default("1.4") })
  .refine(({ dataset, version }) => hasDataset(dataset, version), { message: "Only FOCUS 1.4 has this data set.", path: ["dataset"] });
export type ExportFocus = z.output<typeof ExportFocus>;
