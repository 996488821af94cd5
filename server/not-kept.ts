/**
 * Of every answer of the API: made for who asks, at this moment. Its address says neither, so that a cache on the way that kept it
 * would give one organization's figures to another.
 */
export const NOT_KEPT = { "cache-control": "private, no-store" } as const;
/** For answers that are text already, or need no context. */
export const JSON_NOT_KEPT = { "content-type": "application/json", ...NOT_KEPT } as const;
