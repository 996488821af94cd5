import { eq, sql } from "drizzle-orm";
import { runEvents, runs } from "../../../db/schema/experiments.ts";
import { move } from "../../../domain/experiments/run-status.ts";
import { audit } from "../../access/audit.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { lockRunFor } from "./lock.ts";

/** Queue an ended run again: the next attempt gets the next number, and the retries that its policy allows start over. */
export async function retryRun(ctx: Ctx, { id }: { id: string }): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const { run } = await lockRunFor(tx, ctx, id, "retry");
    const status = move(run.status, "retry");
    await tx
      .update(runs)
      .set({ status, statusSince: sql`now()`, statusReason: `Retried by ${ctx.actor.name}.`, queuedAt: sql`now()`, notBefore: null, pending: null, failureClass: null, evidence: null, endedAt: null, retriesUsed: 0 })
      .where(eq(runs.id, id));
    await tx.insert(runEvents).values({ orgId: ctx.orgId, runId: id, kind: "run.retried", actor: ctx.actor.name, message: `Queued again; attempt ${run.attemptCount + 1} follows.` });
    await audit(tx, ctx, { action: "run.retry", target: { type: "run", id, name: run.name }, projectId: run.projectId, before: { status: run.status }, after: { status } });
  });
  await bus().publishNow([{ orgId: ctx.orgId, topic: "run", id }, { orgId: ctx.orgId, topic: "queue", id: ctx.orgId }]);
}
