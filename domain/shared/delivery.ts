/** Tries of one delivery to somebody else's server: at once, then after growing pauses, an hour in all. */
export const DELIVERY_TRIES = 8;
/** Seconds before the next try. @param tries that were made. */
export const retryAfterSeconds = (tries: number): number => Math.min(1800, 15 * 2 ** Math.max(0, tries - 1));
