import { and, eq, sql } from "drizzle-orm";
import { clusters } from "../../../db/schema/clusters.ts";
import { attempts, runEvents, runs } from "../../../db/schema/experiments.ts";
import { moveAttempt } from "../../../domain/experiments/attempt-status.ts";
import { move } from "../../../domain/experiments/run-status.ts";
import { audit } from "../../access/audit.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { lockRunFor } from "./lock.ts";

/**
 * Give up a run's unreachable attempt on a person's word. Its fence is refused from then on, so if the process still lives, its agent stops it on its return.
 * A run that was being cancelled is then cancelled; any other has failed (`platform`), and may be retried.
 */
export async function declareLost(ctx: Ctx, { id }: { id: string }): Promise<void> {
  const clusterIds = await ctx.db.transaction(async (tx) => {
    const { run, live } = await lockRunFor(tx, ctx, id, "declareLost");
    const lost = live.filter((attempt) => attempt.status === "unreachable");
    for (const attempt of lost) {
      await tx.update(attempts).set({ status: moveAttempt(attempt.status, "give-up"), endedAt: sql`now()`, failureClass: "platform" }).where(and(eq(attempts.id, attempt.id)));
      await tx.update(clusters).set({ desiredVersion: sql`${clusters.desiredVersion} + 1` }).where(eq(clusters.id, attempt.clusterId));
      await tx.insert(runEvents).values({ orgId: ctx.orgId, runId: id, attemptId: attempt.id, kind: "attempt.lost", actor: ctx.actor.name, message: "Given up: its process may still live until its agent is back in touch.", evidence: { unreachableSince: attempt.unreachableSince } });
    }
    const wasCancelling = run.status === "cancelling";
    const status = move(run.status, wasCancelling ? "stop" : "fail");
    const statusReason = `${ctx.actor.name} gave up its unreachable attempt.`;
    await tx
      .update(runs)
      .set({ status, statusSince: sql`now()`, statusReason, endedAt: sql`now()`, failureClass: wasCancelling ? "cancelled" : "platform", evidence: { detail: statusReason } })
      .where(eq(runs.id, id));
    await tx.insert(runEvents).values({ orgId: ctx.orgId, runId: id, kind: "run.ended", actor: ctx.actor.name, message: statusReason });
    await audit(tx, ctx, { action: "run.declare-lost", target: { type: "run", id, name: run.name }, projectId: run.projectId, before: { status: run.status }, after: { status } });
    return lost.map((attempt) => attempt.clusterId);
  });
  await bus().publishNow([
    { orgId: ctx.orgId, topic: "run", id },
    { orgId: ctx.orgId, topic: "queue", id: ctx.orgId },
    ...clusterIds.map((clusterId) => ({ orgId: ctx.orgId, topic: "agent-desired", id: clusterId })),
  ]);
}
