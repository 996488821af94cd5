import { daysBetween } from "./days.ts";
import { isOutsidePayer, RUNS_SOURCE } from "./outside.ts";
import { BY_ASSET, BY_PROJECT, BY_RUN, isFacet, NEXT_BY, OTHERS, SPEND_BY, SPEND_BY_LABEL, type SpendBy } from "./spend-by.ts";

/** What spend is narrowed to, by any of its dimensions at once: the key of a group, of a project its slug. */
export type SpendWhere = Partial<Record<Exclude<SpendBy, "tag">, string>> & { tag?: TagValue };
/** `value` is the key of the group: `=` and the value, or `WITHOUT_TAG`. */
export interface TagValue {
  key: string;
  value: string;
}
/** In a filter by team: what nobody held. Its own key is empty, which no address shows. */
export const IDLE = "idle";

/** What a filter settles as well, so that telling it apart would be one row. */
const SETTLES: Partial<Record<SpendBy, readonly SpendBy[]>> = { project: ["team"], experiment: ["project", "team"] };

/** What jobs from outside Drover do not have. */
const OF_RUNS: readonly SpendBy[] = ["project", "experiment", "outcome"];

/** Dimensions that are narrowed, from the widest on. */
export const narrowedBy = (where: SpendWhere): SpendBy[] => SPEND_BY.filter((by) => where[by] !== undefined);

/** Filters in one line. */
export const narrowedWords = (narrowed: readonly { by: SpendBy; label: string }[]): string => narrowed.map(({ by, label }) => `${SPEND_BY_LABEL[by].toLowerCase()} ${label}`).join(", ");

/** What is told apart once it is narrowed so far: the widest that is not settled; null where everything is. */
export function nextBy(where: SpendWhere): SpendBy | null {
  if (where.team === IDLE) return NEXT_BY.find((by) => BY_ASSET.has(by) && where[by] === undefined) ?? null;
  const settled = new Set(narrowedBy(where).flatMap((by) => [by, ...(by === "team" && isOutsidePayer(where.team!) ? OF_RUNS : (SETTLES[by] ?? []))]));
  return NEXT_BY.find((by) => !settled.has(by)) ?? null;
}

/** The filter that a group stands for; null where it is none, as of all others together. */
export function whereOf(by: SpendBy, key: string, tag: string | undefined, slugOf: (projectId: string) => string | undefined): SpendWhere | null {
  if (key === OTHERS) return null;
  if (key === "") return { team: IDLE };
  if (by === "project" && isOutsidePayer(key)) return { team: key };
  if (by === "tag") return tag === undefined ? null : { tag: { key: tag, value: key } };
  const value = by === "project" ? slugOf(key) : key;
  return value === undefined ? null : { [by]: value };
}

/** Whether something of it is known of runs only, so that what nobody held is not in it. */
export const isOfRuns = (by: SpendBy, where: SpendWhere): boolean => [by, ...narrowedBy(where)].some((one) => BY_RUN.has(one));

/** Whether runs can be among it: not in what nobody held, nor in jobs from outside Drover. */
export const haveRuns = ({ team, source }: SpendWhere): boolean => team !== IDLE && !isOutsidePayer(team ?? "") && (source ?? RUNS_SOURCE) === RUNS_SOURCE;

/** Whether only some charges know something of it: what nobody held is not in it either. */
export const isOfSome = (by: SpendBy, where: SpendWhere): boolean => isOfRuns(by, where) || [by, ...narrowedBy(where)].some(isFacet);

/**
 * Only the ledger itself knows what runs with an outcome or a tag held of which asset, and anything else of what has a sweep, an
 * endpoint, a release or a pipeline: it is read hour by hour, of so many days at most.
 */
export const MOST_LEDGER_DAYS = 92;
export const isOfLedger = (by: SpendBy, where: SpendWhere): boolean => {
  const asked = [...new Set([by, ...narrowedBy(where)])].filter((one) => !BY_PROJECT.has(one));
  return asked.some(isFacet) ? asked.length > 1 : isOfRuns(by, where) && asked.some((one) => BY_ASSET.has(one));
};
export const isTooLong = (by: SpendBy, where: SpendWhere, { from, to }: { from: string; to: string }): boolean => isOfLedger(by, where) && daysBetween(from, to) >= MOST_LEDGER_DAYS;
