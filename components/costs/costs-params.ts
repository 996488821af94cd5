import { createLoader, createSerializer, parseAsArrayOf, parseAsString, parseAsStringLiteral } from "nuqs/server";
import { daysUntil, RANGE_NAMES, type RangeName, rangeProblem } from "../../domain/costs/days.ts";
import type { ExportFormat } from "../../domain/shared/table-file.ts";
import type { FocusDataset, FocusVersion } from "../../domain/costs/focus.ts";
import { PARTS_BY } from "../../domain/costs/parts-view.ts";
import { KEYED_BY, type KeyedBy, SPEND_BY, type SpendBy } from "../../domain/costs/spend-by.ts";
import { AGAINST } from "../../domain/costs/spend-change.ts";
import type { SpendWhere } from "../../domain/costs/spend-filter.ts";
import { isSlug } from "../../domain/shared/id-format.ts";
import { paths } from "../../paths.ts";

/** Which days: of the last ones, unless both of one's own are named. */
const rangeParams = { range: parseAsStringLiteral(RANGE_NAMES).withDefault("30d"), from: parseAsString, to: parseAsString };
export type RangeParams = { range: RangeName; from: string | null; to: string | null };
/** What is narrowed to; a tag as its key and its group's. */
const whereParams = { project: parseAsString, ...(Object.fromEntries(KEYED_BY.map((by) => [by, parseAsString])) as Record<KeyedBy, typeof parseAsString>), tagged: parseAsArrayOf(parseAsString) };

/** The URL of the spend page. */
export const costsParams = {
  ...whereParams, by: parseAsStringLiteral(SPEND_BY).withDefault("project"), tag: parseAsString, ...rangeParams,
  against: parseAsStringLiteral(AGAINST).withDefault("before"), view: parseAsStringLiteral(["table", "map"]).withDefault("table"),
};
export const loadCostsParams = createLoader(costsParams);
export type CostsParams = Awaited<ReturnType<typeof loadCostsParams>>;
const costsUrl = createSerializer(costsParams);

/** The spend page, narrowed: with the days and the look of the one that leads there. */
export function narrowedUrl(org: string, look: Partial<Pick<CostsParams, "range" | "from" | "to" | "against" | "view">>, { tag, ...where }: SpendWhere, by: SpendBy): string {
  return costsUrl(paths.costs(org), { ...look, ...where, ...(tag ? { tagged: [tag.key, tag.value] } : {}), by });
}

/** What the URL narrows to. */
export function whereIn({ project, tagged, ...params }: CostsParams): SpendWhere {
  const [key, value] = tagged ?? [];
  const named = KEYED_BY.map((by) => [by, params[by]] as const).filter(([, one]) => one !== null && one !== "");
  return { ...(project && isSlug(project) ? { project } : {}), ...Object.fromEntries(named), ...(key && value ? { tag: { key, value } } : {}) };
}

/** The URL of the page of waste: what is looked at over time. */
export const wasteParams = { project: parseAsString, by: parseAsStringLiteral(PARTS_BY).withDefault("cluster"), ...rangeParams };
export const loadWasteParams = createLoader(wasteParams);

/** The URL of a month's page: in which currency it is shown as well. */
export const periodParams = { currency: parseAsString };

/** The URL of the page of discrepancies. */
const REVIEW_STATES = ["open", "resolved"] as const;
export type ReviewState = (typeof REVIEW_STATES)[number];
export const reviewsParams = { state: parseAsStringLiteral(REVIEW_STATES).withDefault("open") };
export const loadReviewsParams = createLoader(reviewsParams);

/** The first page of the dearest runs, the same for the page that prefetches and the table that shows it. */
export const runsInput = (spend: ReturnType<typeof spendInput>) => ({ ...spend, limit: 25 });

/** Where the costs of these days are downloaded. @param against Days whose costs are in the file as well. */
export const costsExportUrl = (org: string, format: ExportFormat, spend: ReturnType<typeof spendInput>, against?: { from: string; to: string }): string => `/api/costs/export?${new URLSearchParams({ org, format, set: JSON.stringify({ ...spend, ...(against ? { against } : {}) }) }).toString()}`;

/** Where what the cost of these days went to is downloaded. */
export const partsExportUrl = (org: string, format: ExportFormat, spend: ReturnType<typeof daysInput>): string => `/api/costs/parts?${new URLSearchParams({ org, format, set: JSON.stringify(spend) }).toString()}`;

/** Where the statement of a month is downloaded. */
export const statementUrl = (org: string, format: ExportFormat, period: string, currency: string | null): string => `/api/costs/statement?${new URLSearchParams({ org, format, period, ...(currency ? { currency } : {}) }).toString()}`;

/** The same for people. @param team Of that team only. */
export const statementPdfUrl = (org: string, period: string, currency: string | null, team?: string): string => `/api/costs/statement/pdf?${new URLSearchParams({ org, period, ...(currency ? { currency } : {}), ...(team ? { team } : {}) }).toString()}`;

export const pricesUrl = (org: string, format: ExportFormat): string => `/api/costs/prices?${new URLSearchParams({ org, format }).toString()}`;

/** Where a month's charges after FOCUS are downloaded. */
export const focusUrl = (org: string, ask: { dataset: FocusDataset; version: FocusVersion; format: ExportFormat; period: string }): string => `/api/costs/focus?${new URLSearchParams({ org, ...ask }).toString()}`;

/** The moment that a page is made for. Not in a component: that must be pure. */
export const rightNow = (): number => Date.now();

/** Whole UTC days: one's own, or up to today. @param now Unix ms. */
export function daysInput({ project, range, from, to }: RangeParams & { project: string | null }, now: number) {
  const days = rangeProblem(from, to) === null ? { from: from!, to: to! } : daysUntil(now, range);
  return { ...days, ...(project && isSlug(project) ? { project } : {}) };
}

/** The same, with what the URL narrows it to. */
export function spendInput(params: CostsParams, now: number) {
  const { project: _slug, ...where } = whereIn(params);
  return { ...daysInput(params, now), ...(Object.keys(where).length > 0 ? { where } : {}) };
}
