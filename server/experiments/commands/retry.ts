import { sql } from "drizzle-orm";
import { audit } from "../../access/audit.ts";
import { loadSnapshots } from "../../agents/queries/snapshots.ts";
import { bus } from "../../bus.ts";
import { takeHolds } from "../../costs/commands/holds.ts";
import { estimateRun } from "../../costs/queries/estimate.ts";
import type { Ctx } from "../../trpc/context.ts";
import { holdOpen, lockRunFor } from "./lock.ts";
import { databaseTime, moveRun, note, transact } from "./transitions.ts";

/** Queue an ended run again: the next attempt gets the next number, and the retries that its policy allows start over; it may go to nodes that failed it again. */
export async function retryRun(ctx: Ctx, { id }: { id: string }): Promise<void> {
  await transact(ctx.db, bus(), async (work) => {
    const { run, project } = await lockRunFor(work.tx, ctx, id, "retry");
    await holdOpen(work.tx, run.projectId);
    const found = await estimateRun(work.tx, ctx.orgId, { spec: run.spec, projectId: run.projectId, clusters: await loadSnapshots(work.tx, ctx.orgId), now: Date.now() });
    const before = { status: run.status };
    const anew = { queuedAt: databaseTime(sql`now()`), notBefore: null, heldAt: null, heldBy: null, heldBudgetId: null, pending: null, failureClass: null, evidence: null, endedAt: null, clusterId: null, retriesUsed: 0, excludedNodes: [] };
    await moveRun(work, run, "retry", { ...anew, statusReason: `Retried by ${ctx.actor.name}.` });
    note(work, run, { kind: "run.retried", actor: ctx.actor.name, message: `Queued again; attempt ${run.attemptCount + 1} follows.` });
    work.changes.push({ orgId: ctx.orgId, topic: "queue", id: ctx.orgId });
    await takeHolds(work.tx, { orgId: ctx.orgId, teamId: project.teamId, projectId: run.projectId, ownerId: run.ownerId }, id, found);
    await audit(work.tx, ctx, { action: "run.retry", target: { type: "run", id, name: run.name }, projectId: run.projectId, before, after: { status: run.status } });
  });
}
