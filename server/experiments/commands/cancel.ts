import { eq, inArray, sql } from "drizzle-orm";
import { clusters } from "../../../db/schema/clusters.ts";
import { attempts, runEvents, runs } from "../../../db/schema/experiments.ts";
import type { CancelRun } from "../../../domain/experiments/run-inputs.ts";
import { move, type RunStatus } from "../../../domain/experiments/run-status.ts";
import { audit } from "../../access/audit.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { lockRunFor } from "./lock.ts";

/** Ask a run to stop. A queued one is cancelled at once; a live one only when its agent says that the process is gone. */
export async function cancelRun(ctx: Ctx, { id, reason }: CancelRun): Promise<{ status: RunStatus }> {
  const done = await ctx.db.transaction(async (tx) => {
    const { run, live } = await lockRunFor(tx, ctx, id, "cancel");
    let status = move(run.status, "cancel");
    if (status === "cancelling" && live.length === 0) status = move(status, "stop"); // nothing is left that could still run
    const ended = status === "cancelled";
    const why = `Cancelled by ${ctx.actor.name}${reason ? `: ${reason}` : ""}.`;
    const statusReason = ended ? why : `Stopping, asked by ${ctx.actor.name}${reason ? `: ${reason}` : ""}.`;
    await tx
      .update(runs)
      .set({ status, statusSince: sql`now()`, statusReason, pending: null, ...(ended ? { endedAt: sql`now()`, failureClass: "cancelled" as const } : {}) })
      .where(eq(runs.id, id));
    if (live.length > 0) {
      await tx.update(attempts).set({ stopRequestedAt: sql`now()`, stopReason: "cancelled" }).where(inArray(attempts.id, live.map((attempt) => attempt.id)));
      await tx.update(clusters).set({ desiredVersion: sql`${clusters.desiredVersion} + 1` }).where(inArray(clusters.id, live.map((attempt) => attempt.clusterId)));
    }
    await tx.insert(runEvents).values({ orgId: ctx.orgId, runId: id, kind: ended ? "run.cancelled" : "run.cancelling", actor: ctx.actor.name, message: ended ? why : statusReason });
    await audit(tx, ctx, { action: "run.cancel", target: { type: "run", id, name: run.name }, projectId: run.projectId, before: { status: run.status }, after: { status }, ...(reason ? { reason } : {}) });
    return { status, clusterIds: live.map((attempt) => attempt.clusterId) };
  });
  await bus().publishNow([
    { orgId: ctx.orgId, topic: "run", id },
    { orgId: ctx.orgId, topic: "queue", id: ctx.orgId },
    ...done.clusterIds.map((clusterId) => ({ orgId: ctx.orgId, topic: "agent-desired", id: clusterId })),
  ]);
  return { status: done.status };
}
