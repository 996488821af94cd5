import { z } from "zod";
import { CheckpointSync } from "./checkpoint.ts";
import { Id, Sha256 } from "./fields.ts";

/** What the process gets and how it is started. Everything the agent needs, so that it never asks again. */
export const JobSpec = z.object({
  runId: Id,
  runName: z.string(),
  attemptNumber: z.int().positive(),
  project: z.string(),
  command: z.union([z.string(), z.array(z.string())]),
  code: z
    .discriminatedUnion("kind", [
      z.object({ kind: z.literal("archive"), sha256: Sha256, bytes: z.int() }),
      z.object({ kind: z.literal("git"), url: z.string(), ref: z.string(), subdirectory: z.string().optional() }),
    ])
    .nullable(),
  env: z.record(z.string(), z.string()),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  cpus: z.number(),
  memoryMib: z.int(),
  gpus: z.int(),
  gpuModel: z.string().nullable(),
  nodes: z.int(),
  launcher: z.string(),
  maxDurationSeconds: z.int().nullable(),
  checkpoint: z.boolean(),
  checkpointSync: CheckpointSync.optional(),
  graceSeconds: z.int(),
  artifacts: z.array(z.string()),
  overrides: z.record(z.string(), z.unknown()), // of this cluster's driver only
  /** Where MLflow's clients inside the process log to: a path under the server's origin, and a token for this run while the attempt lives. */
  tracking: z.object({ path: z.string(), token: z.string(), experimentId: z.string() }).optional(),
  secrets: z.object({ values: z.record(z.string(), z.string()), missing: z.array(z.string()) }).optional(), // by name; journaled sealed, blackened in logs; no start while some are missing
  /** Processes that the launcher starts on each node; null: one per GPU. */
  processesPerNode: z.int().positive().nullable().optional(),
  /** How often torchrun may start all its workers anew within this attempt. */
  workerRestarts: z.int().nonnegative().optional(),
  /** torchrun may also start on so few of `nodes`. */
  minNodes: z.int().positive().optional(),
  /** Who asked: the e-mail address of a person, `service:<project>/<name>` of a service account. */
  owner: z.string().optional(),
  /** People work in it: the process learns a port to listen at, and what its callers must name as their token. */
  interactive: z.object({ token: z.string() }).optional(),
  /** Nodes that must not be used. */
  excludeNodes: z.array(z.string()).optional(),
});
export type JobSpec = z.infer<typeof JobSpec>;
