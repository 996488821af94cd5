import { retentionRules } from "../../../db/schema/retention.ts";
import type { RetentionRules } from "../../../domain/experiments/retention.ts";
import { audit } from "../../access/audit.ts";
import type { Ctx } from "../../trpc/context.ts";
import { loadRetentionRules } from "../queries/retention.ts";

/** The worker applies them within six hours. */
export async function setRetentionRules(ctx: Ctx, rules: RetentionRules): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const before = await loadRetentionRules(tx, ctx.orgId);
    await tx.insert(retentionRules).values({ orgId: ctx.orgId, rules }).onConflictDoUpdate({ target: retentionRules.orgId, set: { rules, updatedAt: new Date() } });
    await audit(tx, ctx, { action: "org.retention", target: { type: "organization", id: ctx.orgId }, before, after: rules });
  });
}
