/** What is metered. Storage, requests and tokens have their kind from the start; their meters come with their pages. */
export const RESOURCE_KINDS = ["accelerator", "cpu", "memory", "storage", "request", "token"] as const;
export type ResourceKind = (typeof RESOURCE_KINDS)[number];
/** Kinds that are held by the hour and of which a node has only so much. */
export const HELD_KINDS = ["accelerator", "cpu", "memory"] as const satisfies readonly ResourceKind[];
export type HeldKind = (typeof HELD_KINDS)[number];

export const KIND_UNIT: Record<HeldKind, string> = { accelerator: "GPU-hour", cpu: "CPU-hour", memory: "GiB-hour" };
export const KIND_LABEL: Record<HeldKind, string> = { accelerator: "Accelerators", cpu: "CPUs", memory: "Memory" };

/** How capacity was bought. */
export const CAPACITY_CLASSES = ["on-demand", "spot", "reserved", "owned"] as const;
export type CapacityClass = (typeof CAPACITY_CLASSES)[number];

/**
 * How sure a number is. measured: the host's own clock saw start and end. inferred: the end was concluded, not seen.
 * provisional: it still runs, or its agent is silent; the journal settles it later.
 */
export const EVIDENCE = ["measured", "inferred", "provisional"] as const;
export type UsageEvidence = (typeof EVIDENCE)[number];

export const HOUR_MS = 3_600_000;

/** Amounts are whole thousandths: of an accelerator, of a core, of a GiB. A declared request is cut to that, once. */
export const milliOf = {
  accelerators: (count: number): number => count * 1000,
  cpus: (cores: number): number => Math.round(cores * 1000),
  memory: (mebibytes: number): number => Math.round((mebibytes * 1000) / 1024),
} as const;

/** Two intervals of one device may touch by as much as two clocks differ; what is more is not one device's truth. */
export const CLOCK_TOLERANCE_MS = 2_000;
