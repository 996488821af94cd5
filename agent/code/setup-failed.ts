import { reason } from "../log.ts";

/** The attempt cannot start, and why, in words for the person who asked for it. */
export class SetupFailed extends Error {}

/** What was promised to the attempt is not free here: it may well start later, or elsewhere. */
export class NoCapacity extends SetupFailed {}

/** Errors of a machine that is full or broken, whatever has asked for what: as Node names them, and as other programs tell them. */
const FULL = /\b(ENOSPC|EDQUOT)\b|no space left on device|disk quota exceeded/i;
const BROKEN = /\b(EIO|EROFS|EMFILE|ENFILE|ENOMEM)\b|input\/output error|read-only file system/i;

/** What kept an attempt from its start, for its report: a full or failing disk is no mistake of its spec, and it may start elsewhere. */
export function whyNot(error: unknown, folder: string): { cause: "capacity" | "hardware" | "setup_failed"; detail: string } {
  const why = reason(error);
  if (error instanceof NoCapacity) return { cause: "capacity", detail: why };
  if (FULL.test(why)) return { cause: "hardware", detail: `There is no room left in ${folder} on its machine: free some there, then retry. ${why}` };
  return { cause: BROKEN.test(why) ? "hardware" : "setup_failed", detail: why };
}
