/** Postgres' codes for a value that no column, type or index of it takes: too long, out of range, not a date, more than a call can have. */
const UNTAKEN = new Set(["22001", "22003", "22007", "22008", "22009", "22021", "22025", "22P02", "22P05", "54000", "54001", "54011", "54023"]);
const UNIQUE_VIOLATION = "23505";
const DISK_FULL = "53100";

/** What Postgres said, through whatever was wrapped around it. */
function said(error: unknown): { code: string; constraint_name?: string } | null {
  for (let one = error; one instanceof Error; one = one.cause) if ("code" in one && typeof one.code === "string" && "severity" in one) return one as unknown as { code: string };
  return null;
}

/** It came from whoever asks: trying again is no better. */
export const isUntaken = (error: unknown): boolean => UNTAKEN.has(said(error)?.code ?? "");

export const UNTAKEN_WORDS = "A value of this request is too long, out of range, or not what its field can hold; nothing was changed.";

/** Of two who ask for the same thing at once, the later one hears it from the database. @param constraint Its name. */
export function isTaken(error: unknown, constraint: string): boolean {
  const refusal = said(error);
  return refusal?.code === UNIQUE_VIOLATION && refusal.constraint_name === constraint;
}

/** No disk had room for what the database was to write. */
export const isFull = (error: unknown): boolean => said(error)?.code === DISK_FULL;
