import { decideRetry } from "../../../domain/experiments/retry-policy.ts";
import { audit } from "../../access/audit.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { giveUp } from "./attempt-moves.ts";
import { lockRunFor } from "./lock.ts";
import { transact } from "./transitions.ts";

/**
 * Give up a run's unreachable attempt on a person's word. Its fence is refused from then on: if the process still lives, its agent stops it on its return.
 * A run that was being cancelled is then cancelled. Another one is queued again where its spec says so (`onLostContact: restart`, or retries on `platform`), else it has failed.
 */
export async function declareLost(ctx: Ctx, { id }: { id: string }): Promise<void> {
  await transact(ctx.db, bus(), async (work) => {
    const { run, live } = await lockRunFor(work.tx, ctx, id, "declareLost");
    const before = { status: run.status };
    const { onLostContact, retry } = run.spec;
    const again = onLostContact === "restart" || decideRetry("platform", retry, run.retriesUsed).again;
    for (const attempt of live.filter(({ status }) => status === "unreachable")) {
      await giveUp(work, { run, attempt }, { message: `${ctx.actor.name} gave up its unreachable attempt.`, actor: ctx.actor.name, then: again ? "requeue" : "fail" });
    }
    await audit(work.tx, ctx, { action: "run.declare-lost", target: { type: "run", id, name: run.name }, projectId: run.projectId, before, after: { status: run.status } });
  });
}
