import { inArray, sql } from "drizzle-orm";
import { attempts } from "../../../db/schema/experiments.ts";
import type { CancelRun } from "../../../domain/experiments/run-inputs.ts";
import type { RunStatus } from "../../../domain/experiments/run-status.ts";
import { audit } from "../../access/audit.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { lockRunFor } from "./lock.ts";
import { databaseTime, moveRun, note, transact } from "./transitions.ts";

/** Ask a run to stop. A queued one is cancelled at once; a live one only when its agent says that the process is gone. */
export async function cancelRun(ctx: Ctx, { id, reason }: CancelRun): Promise<{ status: RunStatus }> {
  return transact(ctx.db, bus(), async (work) => {
    const { run, live } = await lockRunFor(work.tx, ctx, id, "cancel");
    const before = { status: run.status };
    const by = `${ctx.actor.name}${reason ? `: ${reason}` : ""}`;
    if (live.length === 0) {
      // Nothing of it could still run: in the queue, or between two attempts.
      await moveRun(work, run, "cancel", { statusReason: `Cancelled by ${by}.`, failureClass: "cancelled", pending: null, notBefore: null, endedAt: databaseTime(sql`now()`) });
      if (run.status === "cancelling") await moveRun(work, run, "stop");
      note(work, run, { kind: "run.ended", actor: ctx.actor.name, message: `Cancelled by ${by}.` });
    } else {
      await moveRun(work, run, "cancel", { statusReason: `Stopping, asked by ${by}.`, pending: null });
      await work.tx.update(attempts).set({ stopRequestedAt: sql`now()`, stopReason: "cancelled" }).where(inArray(attempts.id, live.map((attempt) => attempt.id)));
      note(work, run, { kind: "run.cancelling", actor: ctx.actor.name, message: `Asked to stop by ${by}.` });
      for (const { clusterId } of live) work.changes.push({ orgId: ctx.orgId, topic: "agent-desired", id: clusterId });
    }
    work.changes.push({ orgId: ctx.orgId, topic: "queue", id: ctx.orgId });
    await audit(work.tx, ctx, { action: "run.cancel", target: { type: "run", id, name: run.name }, projectId: run.projectId, before, after: { status: run.status }, ...(reason ? { reason } : {}) });
    return { status: run.status };
  });
}
