import { isFull } from "../db/refused.ts";
import { DomainError } from "../domain/shared/errors.ts";
import { log } from "./log.ts";

const FULL = new Set(["ENOSPC", "EDQUOT"]);
const isDiskFull = (error: unknown): boolean => error instanceof Error && (FULL.has((error as NodeJS.ErrnoException).code ?? "") || isDiskFull(error.cause));

/** A full disk under the database or the files, in words for who asked and with its cure; null where it is something else. */
export function outageOf(error: unknown): DomainError | null {
  const what = isFull(error) ? "database" : isDiskFull(error) ? "object store" : null;
  if (what === null) return null;
  log().error({ err: error }, `the disk of the ${what} is full`);
  return new DomainError("unavailable", `The disk of the ${what} is full, so nothing was changed. Once whoever runs Drover has freed some room on it, the same request works.`);
}
