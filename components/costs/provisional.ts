import { compare, decimal, ZERO } from "../../domain/costs/decimal.ts";

/** What may still change is asked for again so often. */
export const AGAIN_MS = 15_000;

/** Whether a part of an amount may still change: of what holds something, or of what its agent has not told the end of. */
export const isLive = (provisional: string | undefined): boolean => provisional !== undefined && compare(decimal(provisional), ZERO) !== 0;
