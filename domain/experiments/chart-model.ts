import { isSlowPattern, SLOW_PATTERN } from "../shared/slow-pattern.ts";
import type { SeriesPoint } from "./run-view.ts";

/** Keys asked for in one request; more go into further ones. */
export const KEYS_PER_REQUEST = 20;

/** Metric keys under their common prefix: `train/loss` is in "train". Keys without one come first, in their own section. */
export function sectionsOf(keys: readonly string[]): { name: string | null; keys: string[] }[] {
  const sections = new Map<string | null, string[]>();
  for (const key of keys) {
    const at = key.indexOf("/");
    const name = at > 0 ? key.slice(0, at) : null;
    sections.set(name, [...(sections.get(name) ?? []), key]);
  }
  const entries = [...sections].map(([name, inside]) => ({ name, keys: inside.toSorted(byName) }));
  return entries.sort((a, b) => (a.name === null ? -1 : b.name === null ? 1 : byName(a.name, b.name)));
}

const collator = new Intl.Collator("en", { numeric: true });
const byName = (a: string, b: string) => collator.compare(a, b);

/** `loss` finds every key that contains it, `/^val/` is a regular expression, commas part alternatives. */
export function keyFilter(text: string): { matches: (key: string) => boolean; problem: string | null } {
  const tests: ((key: string) => boolean)[] = [];
  for (const part of splitAlternatives(text)) {
    const regex = /^\/(.+)\/(i?)$/.exec(part);
    if (!regex) {
      tests.push((key) => key.toLowerCase().includes(part.toLowerCase()));
      continue;
    }
    try {
      const pattern = new RegExp(regex[1]!, regex[2]);
      if (isSlowPattern(regex[1]!)) return { matches: () => true, problem: SLOW_PATTERN };
      tests.push((key) => pattern.test(key));
    } catch (error) {
      return { matches: () => true, problem: error instanceof Error ? error.message : "Not a regular expression." };
    }
  }
  return { matches: tests.length === 0 ? () => true : (key) => tests.some((test) => test(key)), problem: null };
}

/** Commas part alternatives, except inside a /regular expression/. */
function splitAlternatives(text: string): string[] {
  return Array.from(text.matchAll(/\s*(\/.+?\/i?(?=\s*(?:,|$))|[^,]*)(?:,|$)/g), ([, part]) => part!.trim()).filter(Boolean);
}

/**
 * Exponential moving average of the lines' values, made on the reduced points; the band of minimum and maximum stays
 * as measured. Corrected for its start, so that the first points are not drawn towards zero.
 * @param weight 0 leaves the points alone, 0.99 smooths most.
 */
export function smooth(points: readonly SeriesPoint[], weight: number): SeriesPoint[] {
  if (weight <= 0) return [...points];
  let average = 0;
  let share = 0; // of the average that rests on points seen
  return points.map((point) => {
    average = weight * average + (1 - weight) * point.last;
    share = weight * share + (1 - weight);
    return { ...point, last: average / share };
  });
}

/** Whether a logarithmic axis can show the points; zero and below cannot be drawn on it. */
export function allPositive(points: readonly SeriesPoint[]): boolean {
  return points.every((point) => point.min > 0);
}

/** Groups of at most `KEYS_PER_REQUEST`, in a stable order, so that the same keys always make the same request. */
export function requestsOf(keys: readonly string[]): string[][] {
  const sorted = keys.toSorted(byName);
  const groups: string[][] = [];
  for (let at = 0; at < sorted.length; at += KEYS_PER_REQUEST) groups.push(sorted.slice(at, at + KEYS_PER_REQUEST));
  return groups;
}

const INTERESTING = [/loss/i, /acc|f1|auc|bleu|rouge|perplexity|ppl|reward|score|map\b/i];

/** Keys in the order in which one wants to see them first: losses, then scores, then the rest, each by name. */
export function interestingFirst(keys: readonly string[]): string[] {
  const rank = (key: string) => {
    const at = INTERESTING.findIndex((words) => words.test(key));
    return at < 0 ? INTERESTING.length : at;
  };
  return keys.toSorted((a, b) => rank(a) - rank(b) || byName(a, b));
}
