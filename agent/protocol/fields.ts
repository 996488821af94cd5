import { z } from "zod";

export const Id = z.string().min(1).max(64);
export const Time = z.int().nonnegative(); // Unix milliseconds; in an agent's messages the server's clock as the agent reckons it
/** Fences are 64-bit counters; on the wire a decimal string. */
export const Fence = z.string().regex(/^\d{1,19}$/);
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
