import { z } from "zod";

const Time = z.int().nonnegative(); // Unix milliseconds

/** An attempt's own job, with its state and reason in the scheduler's words; `startsAt`: its guess for one that waits. */
export const SchedulerWord = z.strictObject({ job: z.string().max(64), state: z.string().max(64), reason: z.string().max(200).nullable(), startsAt: Time.nullable() });
/** A node as its scheduler has it. `reserved`: for those that a reservation names. `topology`: the switches or blocks that it hangs on, the nearest to the root first. */
export const NodeWord = z.strictObject({
  state: z.string().max(200),
  partitions: z.array(z.string().max(128)).max(100),
  features: z.array(z.string().max(128)).max(100),
  reserved: z.boolean().optional(),
  topology: z.array(z.string().max(128)).max(16).optional(),
});

/** A job that was not given to the scheduler by this agent. Amounts are of the whole job. */
export const ForeignJob = z.strictObject({
  id: z.string().min(1).max(64),
  name: z.string().max(200),
  user: z.string().max(128),
  account: z.string().max(128),
  partition: z.string().max(128),
  qos: z.string().max(128),
  state: z.enum(["waiting", "running"]),
  reason: z.string().max(200).nullable(), // why it waits
  nodes: z.array(z.string().max(255)).max(10_000), // empty while it waits
  nodeCount: z.int().nonnegative(),
  cpus: z.number().nonnegative(),
  memoryMib: z.int().nonnegative(),
  gpus: z.int().nonnegative(),
  shares: z.int().nonnegative().optional(), // of GPUs that it shares with others
  submittedAt: Time.nullable(),
  startedAt: Time.nullable(), // of a waiting one: when the scheduler thinks that it starts
  limitSeconds: z.int().positive().nullable(),
});
export type ForeignJob = z.infer<typeof ForeignJob>;
/** What a scheduler has besides nodes. */
export const SchedulerReport = z.strictObject({
  kind: z.enum(["slurm"]),
  /** `defaultSeconds`: what a job gets that names no time, where that is less than the most. */
  partitions: z.array(z.strictObject({ name: z.string().max(128), isDefault: z.boolean(), state: z.string().max(64), nodes: z.int(), cpus: z.int(), gpus: z.int(), maxSeconds: z.int().nullable(), defaultSeconds: z.int().nullable().optional(), preemption: z.string().max(128).nullable(), allowed: z.string().max(500) })).max(500),
  /** `nodes` as the scheduler writes them, `nodeNames` each by itself. */
  reservations: z.array(z.strictObject({ name: z.string().max(128), nodes: z.string().max(2000), nodeNames: z.array(z.string().max(255)).max(10_000).optional(), nodeCount: z.int(), startsAt: Time.nullable(), endsAt: Time.nullable(), flags: z.string().max(500), users: z.string().max(500) })).max(500),
  qos: z.array(z.strictObject({ name: z.string().max(128), priority: z.int(), maxSeconds: z.int().nullable(), limits: z.string().max(500), preempts: z.string().max(500) })).max(500),
  accounts: z.array(z.strictObject({ name: z.string().max(128), users: z.array(z.string().max(128)).max(1000), qos: z.string().max(500), limits: z.string().max(500) })).max(2000),
  /** At most so many; `jobCount` says how many there are. */
  jobs: z.array(ForeignJob).max(5_000),
  jobCount: z.int().nonnegative(),
});
export type SchedulerReport = z.infer<typeof SchedulerReport>;
