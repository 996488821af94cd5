import { z } from "zod";
import { Time } from "./fields.ts";

/** A stretch of a job that others gave to the scheduler, as its own accounting has it. Amounts are of the whole job. */
export const OutsideJob = z.strictObject({
  job: z.string().min(1).max(64),
  name: z.string().max(200),
  user: z.string().max(128),
  account: z.string().max(128),
  nodes: z.array(z.string().max(255)).min(1).max(10_000),
  startedAt: Time, // by the scheduler's clock, as is its end
  endedAt: Time.nullable(), // null: it has not heard of its end
  isAlive: z.boolean(), // the scheduler itself has it running: what its accounting has without an end may long be gone
  cpus: z.number().nonnegative(),
  memoryMib: z.int().nonnegative(),
  gpus: z.int().nonnegative(),
  shares: z.int().nonnegative(), // of GPUs
});
export type OutsideJob = z.infer<typeof OutsideJob>;
/**
 * What a scheduler's own accounting says of jobs from outside Drover, from one moment on to another: all that held something in
 * between. A long answer comes in pieces, of which the last alone has `to`; one that is told again changes nothing. Without `from`
 * the server is only asked from when on it wants to hear.
 */
export const OutsideJobs = z.strictObject({ source: z.enum(["slurm"]), from: Time.nullable(), to: Time.nullable(), jobs: z.array(OutsideJob).max(500) });
export type OutsideJobs = z.infer<typeof OutsideJobs>;
/** From when on to ask the accounting next: some of what was told already, since accounting follows late. */
export const OutsideTaken = z.object({ serverTime: Time, from: Time });
