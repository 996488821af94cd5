/** Runs that one request may change. */
export const MAX_BULK = 200;
