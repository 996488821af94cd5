import { z } from "zod";

export const Id = z.string().min(1).max(64);
export const Time = z.int().nonnegative(); // Unix milliseconds; in an agent's messages the server's clock as the agent reckons it
/** Fences are 64-bit counters; on the wire a decimal string. */
export const Fence = z.string().regex(/^\d{1,19}$/);
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** A file of a manifest: its bytes were sent before, under their hash. */
export const StoredFile = z.strictObject({ path: z.string().min(1).max(1024), sha256: Sha256, bytes: z.int().nonnegative() });
/** Files of one manifest. */
export const MOST_FILES = 10_000;
