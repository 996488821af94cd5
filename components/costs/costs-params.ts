import { createLoader, parseAsString, parseAsStringLiteral } from "nuqs/server";
import { daysUntil, RANGE_NAMES, type RangeName } from "../../domain/costs/days.ts";
import type { ExportFormat } from "../../domain/shared/table-file.ts";
import type { FocusDataset, FocusVersion } from "../../domain/costs/focus.ts";
import { PARTS_BY } from "../../domain/costs/parts-view.ts";
import { SPEND_BY } from "../../domain/costs/spend-by.ts";
import { isSlug } from "../../domain/shared/id-format.ts";

/** The URL of the spend page. */
export const costsParams = { project: parseAsString, by: parseAsStringLiteral(SPEND_BY).withDefault("project"), tag: parseAsString, range: parseAsStringLiteral(RANGE_NAMES).withDefault("30d"), view: parseAsStringLiteral(["table", "map"]).withDefault("table") };
export const loadCostsParams = createLoader(costsParams);

/** The URL of the page of waste: what is looked at over time. */
export const wasteParams = { project: parseAsString, by: parseAsStringLiteral(PARTS_BY).withDefault("cluster"), range: parseAsStringLiteral(RANGE_NAMES).withDefault("30d") };
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

/** Where the costs of these days are downloaded. */
export const costsExportUrl = (org: string, format: ExportFormat, spend: ReturnType<typeof spendInput>): string => `/api/costs/export?${new URLSearchParams({ org, format, set: JSON.stringify(spend) }).toString()}`;

/** Where what the cost of these days went to is downloaded. */
export const partsExportUrl = (org: string, format: ExportFormat, spend: ReturnType<typeof spendInput>): string => `/api/costs/parts?${new URLSearchParams({ org, format, set: JSON.stringify(spend) }).toString()}`;

/** Where the statement of a month is downloaded. */
export const statementUrl = (org: string, format: ExportFormat, period: string, currency: string | null): string => `/api/costs/statement?${new URLSearchParams({ org, format, period, ...(currency ? { currency } : {}) }).toString()}`;

/** The same for people. @param team Of that team only. */
export const statementPdfUrl = (org: string, period: string, currency: string | null, team?: string): string => `/api/costs/statement/pdf?${new URLSearchParams({ org, period, ...(currency ? { currency } : {}), ...(team ? { team } : {}) }).toString()}`;

export const pricesUrl = (org: string, format: ExportFormat): string => `/api/costs/prices?${new URLSearchParams({ org, format }).toString()}`;

/** Where a month's charges after FOCUS are downloaded. */
export const focusUrl = (org: string, ask: { dataset: FocusDataset; version: FocusVersion; format: ExportFormat; period: string }): string => `/api/costs/focus?${new URLSearchParams({ org, ...ask }).toString()}`;

/** The moment that a page is made for. Not in a component: that must be pure. */
export const rightNow = (): number => Date.now();

/** Whole UTC days up to today. @param now Unix ms. */
export function spendInput({ project, range }: { project: string | null; range: RangeName }, now: number) {
  return { ...daysUntil(now, range), ...(project && isSlug(project) ? { project } : {}) };
}
