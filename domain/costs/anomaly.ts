import { median } from "../shared/median.ts";
import { DAY_MS, dayOf } from "./days.ts";
import { type Decimal, decimal, decimalText, subtract, sum, ZERO } from "./decimal.ts";
import { geometryOf } from "./money.ts";

/** Days that are looked at for something unusual, and those before that say what is usual. */
export const WATCHED_DAYS = 14;
export const BASELINE_WEEKS = 6;
/** A median says nothing with fewer. */
const FEWEST_SAME_WEEKDAYS = 4;
const FEWEST_DAYS = 10;
/** A day is unusual above the median by so many robust standard deviations (1.4826 × the median distance from a weekday's own median, over six weeks), and by so much of it. */
const DEVIATIONS = 4;
const MAD_TO_DEVIATION = 1.4826;
const LEAST_RATIO = 1.3;
/** And by at least this part of what all cost on a usual day: a hobby that doubles is no news. */
const LEAST_SHARE = 0.02;

/** What a project cost on a UTC day; an exact decimal as text. */
export interface DayCost {
  day: string;
  key: string;
  label: string;
  amount: string;
}

/** Unusual days of one project, one after another. */
export interface Anomaly {
  key: string;
  label: string;
  from: string;
  to: string;
  /** Its last day is the last that is complete. */
  isOpen: boolean;
  /** What these days cost, and what they cost beyond the usual. */
  amount: string;
  extra: string;
  /** The dearest of the days, against the usual one. */
  worst: { day: string; amount: string; usual: string; ratio: number };
}

interface Unusual {
  day: string;
  amount: Decimal;
  usual: Decimal;
}

/**
 * Days on which a project cost more than is usual for it: against the same weekdays of the six weeks before, or, where
 * there are not enough, the three weeks before. Medians, so that one odd day neither hides the next nor makes it odd.
 * @param days Of all projects; a day that is not there cost nothing.
 * @param last The last day that is complete: later ones are not judged.
 * @returns The dearest first.
 */
export function findAnomalies(days: readonly DayCost[], last: string): Anomaly[] {
  const end = Date.parse(last);
  const first = days.reduce((least, { day }) => (day < least ? day : least), last);
  const usualOfAll = median(range(Math.max(Date.parse(first), end - 27 * DAY_MS), end).map((day) => geometry(days.filter((one) => one.day === day))));
  const found = [...Map.groupBy(days, ({ key }) => key)].flatMap(([key, own]) => {
    const amounts = new Map(own.map(({ day, amount }) => [day, amount]));
    const begun = own.reduce((least, { day }) => (day < least ? day : least), last);
    const unusual = range(end - (WATCHED_DAYS - 1) * DAY_MS, end).flatMap((day) => judge(amounts, begun, day, usualOfAll * LEAST_SHARE));
    return episodes(unusual).map((episode) => describe(key, own[0]!.label, episode, last));
  });
  return found.toSorted((a, b) => geometryOf(b.extra) - geometryOf(a.extra));
}

const geometry = (days: readonly DayCost[]): number => days.reduce((all, { amount }) => all + geometryOf(amount), 0);
const range = (from: number, to: number): string[] => Array.from({ length: Math.max(0, Math.round((to - from) / DAY_MS) + 1) }, (_, at) => dayOf(from + at * DAY_MS));

function judge(amounts: ReadonlyMap<string, string>, begun: string, day: string, floor: number): Unusual[] {
  const amount = amounts.get(day);
  if (amount === undefined) return [];
  const at = Date.parse(day);
  const before = Array.from({ length: 7 * BASELINE_WEEKS }, (_, back) => back + 1).filter((back) => dayOf(at - back * DAY_MS) >= begun).map((back) => ({ back, amount: amounts.get(dayOf(at - back * DAY_MS)) ?? "0" }));
  const weekdays = before.filter(({ back }) => back % 7 === 0).map(({ amount: one }) => one);
  const samples = weekdays.length >= FEWEST_SAME_WEEKDAYS ? weekdays : before.filter(({ back }) => back <= 21).map(({ amount: one }) => one);
  if (samples.length < (samples === weekdays ? FEWEST_SAME_WEEKDAYS : FEWEST_DAYS)) return [];
  const usual = samples.toSorted((a, b) => geometryOf(a) - geometryOf(b))[Math.floor(samples.length / 2)]!; // an amount that was, not one between two
  const middle = geometryOf(usual);
  const spread = MAD_TO_DEVIATION * Math.max(distance(samples.map(geometryOf)), distanceWithinWeekdays(before));
  const above = geometryOf(amount) - middle;
  return above > DEVIATIONS * spread && geometryOf(amount) > LEAST_RATIO * middle && above >= floor && above > 0 ? [{ day, amount: decimal(amount), usual: decimal(usual) }] : [];
}

const distance = (values: readonly number[]): number => median(values.map((value) => Math.abs(value - median(values))));

/** Six weeks have only six of a weekday: how far days lie from their own weekday's median is told by all of them together. */
function distanceWithinWeekdays(days: readonly { back: number; amount: string }[]): number {
  const groups = Map.groupBy(days, ({ back }) => back % 7).values();
  return median([...groups].flatMap((own) => {
    const values = own.map(({ amount }) => geometryOf(amount));
    const middle = median(values);
    return values.map((value) => Math.abs(value - middle));
  }));
}

/** A quiet day in between does not end it. */
function episodes(unusual: readonly Unusual[]): Unusual[][] {
  const all: Unusual[][] = [];
  for (const one of unusual) {
    const current = all.at(-1);
    if (current && Date.parse(one.day) - Date.parse(current.at(-1)!.day) <= 2 * DAY_MS) current.push(one);
    else all.push([one]);
  }
  return all;
}

function describe(key: string, label: string, days: readonly Unusual[], last: string): Anomaly {
  const worst = days.reduce((most, one) => (geometryOf(decimalText(one.amount)) > geometryOf(decimalText(most.amount)) ? one : most));
  const amount = sum(days.map((one) => one.amount));
  const usual = geometryOf(decimalText(worst.usual));
  return {
    key, label, from: days[0]!.day, to: days.at(-1)!.day, isOpen: days.at(-1)!.day === last,
    amount: decimalText(amount), extra: decimalText(sum(days.map((one) => subtract(one.amount, one.usual)))),
    worst: { day: worst.day, amount: decimalText(worst.amount), usual: decimalText(worst.usual), ratio: usual > 0 ? geometryOf(decimalText(worst.amount)) / usual : Number.POSITIVE_INFINITY },
  };
}

/** What one value of a dimension cost in the unusual days, and before. */
export interface PartCost {
  dimension: CauseDimension;
  label: string;
  during: string;
  before: string;
}
export const CAUSE_DIMENSIONS = ["experiment", "person", "resource"] as const;
export type CauseDimension = (typeof CAUSE_DIMENSIONS)[number];
export interface Cause {
  dimension: CauseDimension;
  label: string;
  /** More than before, in as many days. */
  more: string;
  /** Of all that was more, percent. */
  percent: number;
}

/**
 * Of each dimension what grew most, and how much of the growth that is.
 * @param days Of the episode.
 * @param daysBefore That `before` is the sum of.
 */
export function causesOf(parts: readonly PartCost[], days: number, daysBefore: number): Cause[] {
  const grown = (part: PartCost) => subtract(decimal(part.during), scaled(decimal(part.before), days, daysBefore));
  return CAUSE_DIMENSIONS.flatMap((dimension): Cause[] => {
    const own = parts.filter((part) => part.dimension === dimension).map((part) => ({ label: part.label, more: grown(part) }));
    const total = sum(own.map(({ more }) => more));
    const [most] = own.toSorted((a, b) => geometryOf(decimalText(b.more)) - geometryOf(decimalText(a.more)));
    const all = geometryOf(decimalText(total));
    if (!most || most.more.units <= 0n || all <= 0) return [];
    return [{ dimension, label: most.label, more: decimalText(most.more), percent: Math.min(100, Math.round((100 * geometryOf(decimalText(most.more))) / all)) }];
  });
}

/** A sum over other days, as if over these: to a hundredth, since it is an expectation and nothing that was charged. */
function scaled(amount: Decimal, days: number, of: number): Decimal {
  if (of <= 0) return ZERO;
  return { units: (amount.units * BigInt(days)) / BigInt(of), scale: amount.scale };
}
