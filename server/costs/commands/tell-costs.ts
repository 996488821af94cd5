import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";

/** Pages about costs look again. */
export const tellCosts = (ctx: Pick<Ctx, "orgId">) => bus().publishNow([{ orgId: ctx.orgId, topic: "costs", id: ctx.orgId }]);
