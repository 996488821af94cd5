import { eq, sql } from "drizzle-orm";
import { runs } from "../../../db/schema/experiments.ts";
import type { AuditAction } from "../../../domain/access/audit-actions.ts";
import { backoffReason, type PendingReason } from "../../../domain/experiments/pending.ts";
import type { RunSpec } from "../../../domain/experiments/run-spec.ts";
import type { HoldRuns, MoveRuns, PrioritizeRuns, ReleaseRuns } from "../../../domain/queue/inputs.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import { loadSnapshots } from "../../agents/queries/snapshots.ts";
import { bus } from "../../bus.ts";
import { changeHolds } from "../../costs/commands/holds.ts";
import { estimateRun } from "../../costs/queries/estimate.ts";
import { lockRunFor } from "../../experiments/commands/lock.ts";
import { refuseUnsupported } from "../../experiments/commands/submit.ts";
import { loadSchedulers } from "../../experiments/queries/schedulers.ts";
import { databaseTime, note, transact, type RunRecord, type Work } from "../../experiments/commands/transitions.ts";
import type { Ctx } from "../../trpc/context.ts";

const NOW = databaseTime(sql`now()`);
type Patch = Partial<typeof runs.$inferInsert>;

interface Act {
  action: AuditAction;
  kind: string;
  reason?: string | undefined;
  /** What changes of this run, and how its timeline tells it; null when it is so already. */
  change: (run: RunRecord, work: Work, project: { id: string; teamId: string }) => Promise<{ patch: Patch; message: string; before: unknown; after: unknown } | null>;
  /** Once all of them are changed: what locks something else than runs. */
  then?: (work: Work) => Promise<void>;
}

/** Locks, changes, tells and audits each run; all of them or none. The same table that the buttons read decides. @returns how many were not so already. */
async function forEach(ctx: Ctx, ids: readonly string[], act: Act): Promise<number> {
  return transact(ctx.db, bus(), async (work) => {
    let changed = 0;
    for (const id of [...new Set(ids)].sort()) {
      const { run, project } = await lockRunFor(work.tx, ctx, id, "order");
      const change = await act.change(run, work, project);
      if (!change) continue;
      changed += 1;
      await work.tx.update(runs).set(change.patch).where(eq(runs.id, id));
      note(work, run, { kind: act.kind, actor: ctx.actor.name, message: change.message });
      work.changes.push({ orgId: ctx.orgId, topic: "run", id });
      await audit(work.tx, ctx, { action: act.action, target: { type: "run", id, name: run.name }, projectId: run.projectId, before: change.before, after: change.after, ...(act.reason ? { reason: act.reason } : {}) });
    }
    await act.then?.(work);
    work.changes.push({ orgId: ctx.orgId, topic: "queue", id: ctx.orgId });
    return changed;
  });
}

/** Why it waits as long as placement does not look at it; null where that says it next. */
function reasonOf({ heldAt, pending, notBefore, statusReason }: Pick<RunRecord, "heldAt" | "pending" | "notBefore" | "statusReason">): PendingReason | null {
  if (heldAt) return pending;
  return notBefore && notBefore.getTime() > Date.now() ? backoffReason(statusReason ?? "It is tried again.", notBefore.getTime()) : null;
}

/** Held runs stay queued and are not placed until somebody releases them. */
export async function holdRuns(ctx: Ctx, { ids, reason }: HoldRuns): Promise<void> {
  const message = `Held by ${ctx.actor.name}${reason ? `: ${reason}` : "."}`;
  await forEach(ctx, ids, {
    action: "run.hold",
    kind: "run.held",
    reason,
    change: async (run) => (run.heldAt ? null : { patch: { heldAt: NOW, heldBy: ctx.actor.name, pending: { kind: "held", message } }, message, before: { held: false }, after: { held: true } }),
  });
}

export async function releaseRuns(ctx: Ctx, { ids }: ReleaseRuns): Promise<{ changed: number }> {
  const changed = await forEach(ctx, ids, {
    action: "run.release",
    kind: "run.released",
    change: async (run) => {
      if (run.heldBudgetId) throw new DomainError("conflict", `${run.name} is held by ${run.heldBy}. It goes on when that budget is raised or archived, or when its next month begins.`);
      return run.heldAt ? { patch: { heldAt: null, heldBy: null, pending: reasonOf({ ...run, heldAt: null }) }, message: `Released by ${ctx.actor.name}.`, before: { held: true }, after: { held: false } } : null;
    },
  });
  return { changed };
}

export async function prioritizeRuns(ctx: Ctx, { ids, priority }: PrioritizeRuns): Promise<void> {
  await forEach(ctx, ids, {
    action: "run.prioritize",
    kind: "run.prioritized",
    change: async (run) => (run.priority === priority ? null : { patch: { priority }, message: `Priority ${run.priority} became ${priority}.`, before: { priority: run.priority }, after: { priority } }),
  });
}

/** Changes where the runs may go. What the cluster cannot honour is refused by field, as at submit, and so is what their budgets do not take at its prices. */
export async function moveRuns(ctx: Ctx, { ids, cluster }: MoveRuns): Promise<void> {
  const moved: { run: RunRecord; spec: RunSpec; teamId: string }[] = [];
  await forEach(ctx, ids, {
    action: "run.move",
    kind: "run.moved",
    change: async (run, work, { teamId }) => {
      if (!run.spec || run.spec.cluster === cluster) return null;
      const spec = { ...run.spec, cluster };
      refuseUnsupported(spec, await loadSnapshots(work.tx, ctx.orgId), await loadSchedulers(work.tx, ctx.orgId));
      moved.push({ run, spec, teamId });
      const message = cluster ? `Moved to the cluster ${cluster}.` : "May go to any cluster that fits.";
      return { patch: { spec, pending: reasonOf(run) }, message, before: { cluster: run.spec.cluster }, after: { cluster } };
    },
    then: async ({ tx }) => {
      const clusters = moved.length > 0 ? await loadSnapshots(tx, ctx.orgId) : [];
      for (const { run, spec, teamId } of moved) {
        const { id, projectId, ownerId } = run;
        await changeHolds(tx, { orgId: ctx.orgId, teamId, projectId, ownerId }, id, await estimateRun(tx, ctx.orgId, { spec, projectId, clusters, now: Date.now() }));
      }
    },
  });
}
