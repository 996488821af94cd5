import { z } from "zod";
import { formatBytes, plural } from "../shared/format.ts";
import { someOf } from "../shared/some-of.ts";

const Days = z.int("Expected a whole number of days, or nothing to keep them.").min(1, "At least one day.").max(36_500, "At most 36,500 days.").nullable();

/** How many days files stay before the worker removes them; null: as long as the run. */
export const RetentionRules = z.strictObject({
  /** Copies of checkpoints outside of a cluster, after the end of their run. */
  checkpoints: Days.default(30),
  /** Files of runs and logged models, after they were archived. */
  archived: Days.default(null),
  /** Files of any run, after its end. */
  files: Days.default(null),
  /** Logs of any run, after its end. */
  logs: Days.default(null),
});
export type RetentionRules = z.output<typeof RetentionRules>;
export const ChangeRetention = someOf(RetentionRules);
export type ChangeRetention = z.output<typeof ChangeRetention>;
export type RetentionRule = keyof RetentionRules;

/** In the order in which they are applied. */
export const RETENTION_RULES = Object.keys(RetentionRules.shape) as RetentionRule[];
/** A run with this tag keeps its files whatever the rules say. */
export const KEEP_TAG = "keep";
/** What nothing refers to stays this long after somebody last sent it: an upload and what will name it are two requests. */
export const UNUSED_HOURS = 24;

/** What a rule would remove now: files, or the logs of attempts. `bytes`: as they say; bytes that others keep too stay in the store. */
export interface Expired {
  owners: number;
  files: number;
  bytes: number;
}
export const NOUN: Record<RetentionRule, string> = { checkpoints: "file", archived: "file", files: "file", logs: "log" };

export type StoredKind = "code" | "artifact" | "log";
export interface StorageUse {
  /** What lies in the store, each content once. */
  kinds: { kind: StoredKind; objects: number; bytes: number }[];
  /** Of these, what nothing refers to any more. */
  unused: { objects: number; bytes: number };
  /** What the files of each project say, the largest first. */
  projects: { id: string; name: string; slug: string; files: number; bytes: number; checkpointBytes: number }[];
}

const WHY: Record<RetentionRule, (days: string) => string> = {
  checkpoints: (days) => `checkpoints kept outside of a cluster stay ${days} after a run's end`,
  archived: (days) => `files of archived runs stay ${days}`,
  files: (days) => `files stay ${days} after a run's end`,
  logs: (days) => `logs stay ${days} after a run's end`,
};

/** For the timeline of a run. */
export function removalMessage(rule: RetentionRule, days: number, { files, bytes }: { files: number; bytes: number }): string {
  return `${plural(files, NOUN[rule])} (${formatBytes(bytes)}) removed: by the organization's rule, ${WHY[rule](plural(days, "day"))}.`;
}
