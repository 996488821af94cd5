import { z } from "zod";

/** Every background job: its name and what it is given. Handlers are in server/jobs/worker.ts. */
export const JOBS = {
  /** The log of an attempt whose last byte is in becomes one object. */
  "experiments.archiveLog": z.strictObject({ attemptId: z.string() }),
  /** Numbers in TensorBoard's files become metrics. */
  "experiments.readEventFiles": z.strictObject({}),
  /** Messages to webhooks that are due. */
  "models.deliverWebhooks": z.strictObject({}),
  /** Logs whose job was lost on the way; partitions of telemetry; old codes and sessions; cut-off uploads; what the object store holds for whom. */
  "clusters.keepHouse": z.strictObject({}),
  /** Cost reports whose day has come. */
  "costs.sendReports": z.strictObject({}),
  /** Files that the retention rules no longer keep, and bytes that nothing refers to. */
  "experiments.keepObjects": z.strictObject({}),
} as const;

export type JobName = keyof typeof JOBS;
export type JobPayload<Name extends JobName> = z.infer<(typeof JOBS)[Name]>;
