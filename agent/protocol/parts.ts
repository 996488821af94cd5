import { z } from "zod";
import { Time } from "./fields.ts";

/**
 * A large object goes up in parts, so that what was sent before a cut is not sent again. GET the parts' path tells where to
 * go on; PUT <path>/<offset> with the total in PART_TOTAL_HEADER takes the bytes from there, signed by the part's own
 * SHA-256. The part that completes the object makes it one: checked as a whole, then stored like any other.
 */
export const PART_BYTES = 32 * 1024 * 1024;
export const PART_TOTAL_HEADER = "x-drover-total";
/** `done`: the object is there, nothing need be sent. */
export const Parts = z.object({ next: z.int().nonnegative(), done: z.boolean(), serverTime: Time });
