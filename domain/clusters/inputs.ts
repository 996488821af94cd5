import { z } from "zod";
import { CAPACITY_CLASSES } from "../costs/metering.ts";
import { ClusterId, NodeId } from "../shared/ids.ts";

const Name = z.string().trim().min(1, "Give it a name.").max(63);
const Region = z.string().trim().min(1).max(64);
const Reason = z.string().trim().max(500).optional();

export const CreateCluster = z.strictObject({ name: Name, region: Region.default("local") });
export const UpdateCluster = z.strictObject({ id: ClusterId, name: Name.optional(), region: Region.optional(), capacityClass: z.enum(CAPACITY_CLASSES).optional() });
export const ClusterRef = z.strictObject({ id: ClusterId });
export const DrainCluster = z.strictObject({ id: ClusterId, reason: Reason });
export const DrainNode = z.strictObject({ nodeId: NodeId, reason: Reason });
/** Of one cluster, or of all. */
export const ListFindings = z.strictObject({ id: ClusterId.optional() });
export const SetAsideFinding = z.strictObject({ nodeId: NodeId, key: z.string().min(1).max(4000), reason: Reason });
export type SetAsideFinding = z.output<typeof SetAsideFinding>;
export const ListClusterEvents = z.strictObject({ id: ClusterId, cursor: z.string().max(64).optional(), limit: z.int().min(1).max(200).default(50) });

export const TELEMETRY_KEYS = ["cpu", "memory", "disk", "gpu", "gpuMemory", "temperature", "power", "networkIn", "networkOut"] as const;
/** Longest range of one chart, in ms: as long as samples are kept. */
const MAX_RANGE_MS = 31 * 86_400_000;
/** `from` and `to`: Unix ms. `subjectId`: a node's name, or `<node>/<index>` for an accelerator. */
export const ReadTelemetry = z
  .strictObject({
    id: ClusterId,
    subject: z.enum(["node", "accelerator"]),
    subjectId: z.string().min(1).max(300),
    keys: z.array(z.enum(TELEMETRY_KEYS)).min(1).max(TELEMETRY_KEYS.length),
    from: z.int().nonnegative(),
    to: z.int().nonnegative(),
    buckets: z.int().min(1).max(1000).default(300),
  })
  .refine(({ from, to }) => from < to && to - from <= MAX_RANGE_MS, { path: ["to"], message: "Must be after `from`, and at most 31 days after it." });

export type CreateCluster = z.output<typeof CreateCluster>;
export type UpdateCluster = z.output<typeof UpdateCluster>;
export type DrainCluster = z.output<typeof DrainCluster>;
export type DrainNode = z.output<typeof DrainNode>;
export type ListClusterEvents = z.output<typeof ListClusterEvents>;
export type ReadTelemetry = z.output<typeof ReadTelemetry>;
