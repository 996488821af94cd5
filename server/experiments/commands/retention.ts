import { isDeepStrictEqual } from "node:util";
import { retentionRules } from "../../../db/schema/retention.ts";
import { type ChangeRetention, RetentionRules } from "../../../domain/experiments/retention.ts";
import { audit } from "../../access/audit.ts";
import { lockOrg } from "../../access/queries/tree.ts";
import type { Ctx } from "../../trpc/context.ts";
import { loadRetentionRules } from "../queries/retention.ts";

/** What is not named stays as it is by then: of two who change different rules at once, both do. The worker applies them within six hours. */
export async function setRetentionRules(ctx: Ctx, change: ChangeRetention): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await lockOrg(tx, ctx.orgId);
    const before = await loadRetentionRules(tx, ctx.orgId);
    const rules = RetentionRules.parse({ ...before, ...change });
    if (isDeepStrictEqual(rules, before)) return;
    await tx.insert(retentionRules).values({ orgId: ctx.orgId, rules }).onConflictDoUpdate({ target: retentionRules.orgId, set: { rules, updatedAt: new Date() } });
    await audit(tx, ctx, { action: "org.retention", target: { type: "organization", id: ctx.orgId }, before, after: rules });
  });
}
