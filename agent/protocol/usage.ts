import { z } from "zod";
import { Fence, Id, Time } from "./fields.ts";

/** What an attempt holds of one node. `accelerators`: uuids where the host knows which ones, else only their number is told. */
export const Hold = z.strictObject({
  node: z.string().min(1).max(255),
  accelerators: z.array(z.string().max(128)).max(1024),
  gpus: z.int().nonnegative().max(1024),
  cpus: z.number().nonnegative(),
  memoryMib: z.int().nonnegative(),
  /** Where they are slices or shares of GPUs: of which model, and how much of one, in thousandths. One for each of `accelerators`; where those are not known, one for all together. */
  parts: z.array(z.strictObject({ model: z.string().max(128), milli: z.int().min(1).max(1000) })).max(1024).optional(),
});
/** `change` replaces all holds. `lifeMs`: from open to close by the host's monotonic clock, where that saw both ends. */
export const UsageEvent = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("open"), at: Time, holds: z.array(Hold).min(1).max(10_000) }),
  z.strictObject({ kind: z.literal("change"), at: Time, holds: z.array(Hold).min(1).max(10_000) }),
  z.strictObject({ kind: z.literal("close"), at: Time, lifeMs: z.int().nonnegative().nullable(), evidence: z.enum(["measured", "inferred"]) }),
]);
export type UsageEvent = z.infer<typeof UsageEvent>;
/**
 * Usage from the agent's journal, never dropped: events of an attempt are numbered from 0, `from` is the number of the
 * first one here. Without events it is proof of life. What was used was used: a stale fence does not refuse it.
 */
export const Usage = z.strictObject({
  hostAheadMs: z.int(), // of this host's wall clock before the server's, as measured over the last answers
  attempts: z
    .array(z.strictObject({ attemptId: Id, fence: Fence, from: z.int().nonnegative(), events: z.array(UsageEvent).max(1000), aliveAt: Time.nullable() }))
    .min(1)
    .max(1000),
});
/** Per attempt: the next event the server wants. `unknown`: it has no such attempt of this cluster; forget its usage. */
export const UsageOffsets = z.object({ serverTime: Time, offsets: z.array(z.object({ attemptId: Id, next: z.int().nonnegative() })), unknown: z.array(Id) });
