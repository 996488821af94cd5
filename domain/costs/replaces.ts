/** From a moment (Unix ms) on, as a version of the prices has it. Nothing is ever changed: what comes later takes its place. */
export interface Dated {
  version: number;
  validFrom: number;
}

/** Of two of one scope that have both begun: does the first hold, and not the second? */
export const replaces = (one: Dated, other: Dated): boolean => one.validFrom > other.validFrom || (one.validFrom === other.validFrom && one.version > other.version);
