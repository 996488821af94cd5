/** Kinds that are held by the hour and of which a node has only so much. */
export const HELD_KINDS = ["accelerator", "cpu", "memory"] as const;
export type HeldKind = (typeof HELD_KINDS)[number];
/** Kinds that are counted as they are served. */
export const SERVED_KINDS = ["request", "token"] as const;
export type ServedKind = (typeof SERVED_KINDS)[number];
/** What is metered, and so may have a price. Of storage there is no fixed capacity, so that none of it is idle. */
export const RESOURCE_KINDS = [...HELD_KINDS, "storage", ...SERVED_KINDS] as const;
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/** What has a price for one of it. */
export const KIND_UNIT: Record<ResourceKind, string> = { accelerator: "GPU-hour", cpu: "CPU-hour", memory: "GiB-hour", storage: "GiB-month", request: "1,000 requests", token: "1,000,000 tokens" };
export const KIND_LABEL: Record<ResourceKind, string> = { accelerator: "Accelerators", cpu: "CPUs", memory: "Memory", storage: "Storage", request: "Requests", token: "Tokens" };

/** What a project keeps in the object store. */
export const STORED_WHAT = ["artifacts", "checkpoints", "code", "logs", "models"] as const;
export type StoredWhat = (typeof STORED_WHAT)[number];

/** How capacity was bought. */
export const CAPACITY_CLASSES = ["on-demand", "spot", "reserved", "owned"] as const;
export type CapacityClass = (typeof CAPACITY_CLASSES)[number];

/**
 * How sure a number is. measured: the host's own clock saw start and end. inferred: the end was concluded, not seen.
 * provisional: it still runs, or its agent is silent; the journal settles it later.
 */
export const JOURNAL_EVIDENCE = ["measured", "inferred", "provisional"] as const;
/** accounted: the scheduler's own accounting says so, and nobody else saw it. */
export const EVIDENCE = [...JOURNAL_EVIDENCE, "accounted"] as const;
export type UsageEvidence = (typeof EVIDENCE)[number];

export const HOUR_MS = 3_600_000;
/** Of the UTC hour that a moment lies in; Unix ms. */
export const startOfHour = (at: number): number => Math.floor(at / HOUR_MS) * HOUR_MS;

/** Amounts are whole thousandths: of an accelerator, of a core, of a GiB. A declared request is cut to that, once. */
export const milliOf = {
  accelerators: (count: number): number => count * 1000,
  cpus: (cores: number): number => Math.round(cores * 1000),
  memory: (mebibytes: number): number => Math.round((mebibytes * 1000) / 1024),
} as const;

/** Two intervals of one device may touch by as much as two clocks differ; what is more is not one device's truth. */
export const CLOCK_TOLERANCE_MS = 2_000;
