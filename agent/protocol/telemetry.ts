import { z } from "zod";

const Time = z.int().nonnegative(); // Unix milliseconds of the server's clock, as the agent reckons it

/** Samples of nodes, accelerators and attempts. Best effort: lost samples are gaps. */
export const Telemetry = z.strictObject({
  /** Counts up within a session. A message that is sent again, its answer lost, keeps its number. From version 2 on. */
  batch: z.int().min(1).max(2_147_483_647).optional(),
  samples: z
    .array(z.strictObject({
      subject: z.enum(["node", "accelerator", "attempt"]),
      id: z.string().max(300), // node name · "<node>/<index>" · attempt id
      key: z.enum(["cpu", "memory", "disk", "gpu", "gpuMemory", "temperature", "power", "networkIn", "networkOut"]),
      times: z.array(Time).max(1000),
      values: z.array(z.number()).max(1000), // cores, MiB, percent of the accelerator, °C, W, bytes/s
    }))
    .max(10_000),
  events: z
    .array(z.strictObject({ at: Time, node: z.string().max(255), kind: z.enum(["xid", "ecc", "disk_full", "spool_full", "policy_refused", "clock", "agent"]), message: z.string().max(2000), accelerator: z.int().nullable() }))
    .max(1000),
});
export type Telemetry = z.infer<typeof Telemetry>;
