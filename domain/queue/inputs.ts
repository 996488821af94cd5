import { z } from "zod";
import { ProjectId, QuotaId, RunId, Slug, TeamId } from "../shared/ids.ts";
import { someOf } from "../shared/some-of.ts";
import { QueuePolicy } from "./policy.ts";

/** What the queue's procedures take. */
export const ListQueue = z.strictObject({
  project: Slug.optional(),
  /** The run after which to go on, in the queue's order. */
  cursor: RunId.optional(),
  limit: z.int().min(1).max(200).default(50),
});
export type ListQueue = z.output<typeof ListQueue>;

export const ExplainRun = z.strictObject({ id: RunId });

const Reason = z.string().trim().max(500).optional();
/** All of them or none: one that may not be changed refuses the whole. */
const SomeRuns = z.strictObject({ ids: z.array(RunId).min(1).max(200) });
export const HoldRuns = SomeRuns.extend({ reason: Reason });
export const ReleaseRuns = SomeRuns;
export const PrioritizeRuns = SomeRuns.extend({ priority: z.int().min(0).max(100) });
/** `cluster` null: any that fits. */
export const MoveRuns = SomeRuns.extend({ cluster: Slug.nullable() });
export type HoldRuns = z.output<typeof HoldRuns>;
export type ReleaseRuns = z.output<typeof ReleaseRuns>;
export type PrioritizeRuns = z.output<typeof PrioritizeRuns>;
export type MoveRuns = z.output<typeof MoveRuns>;

const Count = z.int().min(0).max(1_000_000);
const Holding = z.strictObject({
  /** As a spec's `gpuModel`, or `*` for every model. */
  model: z.string().trim().min(1).max(64).default("*"),
  guaranteed: Count.default(0),
  borrow: z.boolean().default(true),
  limit: Count.nullable().default(null),
});
const sane = (quota: { guaranteed: number; limit: number | null }) => quota.limit === null || quota.limit >= quota.guaranteed;
const SANE = { message: "The limit must not be below the guarantee.", path: ["limit"] };
export const SetTeamQuota = Holding.extend({ teamId: TeamId }).refine(sane, SANE);
export const SetProjectQuota = Holding.extend({ projectId: ProjectId }).refine(sane, SANE);
export const OneQuota = z.strictObject({ id: QuotaId });
export const SetWeight = z.strictObject({ teamId: TeamId, weight: z.number().min(0.01).max(1000) });
export const ChangePolicy = someOf(QueuePolicy);
export type ChangePolicy = z.output<typeof ChangePolicy>;
export type QuotaHolding = z.output<typeof Holding>;
