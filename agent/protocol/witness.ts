import { z } from "zod";
import { Id, Time } from "./fields.ts";

/** One stretch of a job in its scheduler's own accounting; a job that was requeued has several. Amounts are of the whole job. */
export const AccountedPart = z.strictObject({
  job: z.string().min(1).max(64),
  state: z.string().max(64), // in the scheduler's words
  nodes: z.string().max(2000), // its list of them, such as gpu[01-04]; empty where it never had one
  nodeCount: z.int().nonnegative(),
  startedAt: Time.nullable(), // by the scheduler's clock, as is its end; null: it never started
  endedAt: Time.nullable(), // null: still running, as far as the accounting knows
  heldSeconds: z.int().nonnegative(), // without the time for which it was suspended
  suspendedSeconds: z.int().nonnegative(),
  cpus: z.number().nonnegative(),
  memoryMib: z.int().nonnegative(),
  gpus: z.int().nonnegative().nullable(), // null: the accounting does not keep GPUs
  shares: z.int().nonnegative().optional(), // of GPUs; absent: the accounting does not keep them
});
export type AccountedPart = z.infer<typeof AccountedPart>;
/**
 * What a scheduler's own accounting says of attempts that ended, told once the server has the whole journal of each. It is
 * compared with the journal and changes nothing of it. `parts` is empty where the accounting knows no job of the attempt.
 */
export const Witness = z.strictObject({
  source: z.enum(["slurm"]),
  /** Why the accounting cannot be asked; null: it can. */
  trouble: z.string().max(500).nullable(),
  attempts: z.array(z.strictObject({ attemptId: Id, parts: z.array(AccountedPart).max(20) })).max(100),
});
export type Witness = z.infer<typeof Witness>;
/** `unknown`: the server has no such attempt of this cluster; forget it. */
export const WitnessTaken = z.object({ serverTime: Time, taken: z.array(Id), unknown: z.array(Id) });
