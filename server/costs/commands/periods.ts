import { and, eq, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { costBooked, costPeriods } from "../../../db/schema/periods.ts";
import { monthName, periodChecks } from "../../../domain/costs/period.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import type { Ctx } from "../../trpc/context.ts";
import { readPeriodFacts } from "../queries/periods.ts";
import { readStand } from "../queries/spend.ts";
import { closing } from "./period-lock.ts";
import { tellCosts } from "./tell-costs.ts";

const ofOrg = (ctx: Ctx, period: string) => and(eq(costPeriods.orgId, ctx.orgId), eq(costPeriods.period, period));

/** The first of two people says that a month may be closed. @throws DomainError "conflict" that names what is in the way. */
export async function requestClose(ctx: Ctx, period: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await refuseUnready(tx, ctx, period);
    const [made] = await tx.insert(costPeriods).values({ orgId: ctx.orgId, period, state: "requested", requestedBy: ctx.actor.id, requestedByName: ctx.actor.name }).onConflictDoNothing().returning();
    if (!made) throw new DomainError("conflict", `The close of ${monthName(period)} was asked for already.`);
    await audit(tx, ctx, { action: "period.request-close", target: { type: "period", id: period, name: period } });
  });
  await tellCosts(ctx);
}

export async function withdrawClose(ctx: Ctx, period: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [gone] = await tx.delete(costPeriods).where(and(ofOrg(ctx, period), eq(costPeriods.state, "requested"))).returning();
    if (!gone) throw new DomainError("conflict", `Nobody asked for the close of ${monthName(period)}, or it is closed.`);
    await audit(tx, ctx, { action: "period.withdraw-close", target: { type: "period", id: period, name: period } });
  });
  await tellCosts(ctx);
}

/** The second person closes it, for good. While it happens nothing is booked, so that its total is its total. */
export async function closePeriod(ctx: Ctx, period: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await closing(tx, ctx.orgId);
    const [asked] = await tx.select().from(costPeriods).where(ofOrg(ctx, period)).for("update");
    if (asked?.state !== "requested") throw new DomainError("conflict", asked ? `${monthName(period)} is closed already.` : `Ask for the close of ${monthName(period)} first; somebody else then closes it.`);
    if (asked.requestedBy === ctx.actor.id) throw new DomainError("forbidden", `You asked for the close of ${monthName(period)} yourself. Somebody else must close it.`);
    await refuseUnready(tx, ctx, period);
    const [sums] = await tx.select({ total: sql<string>`coalesce(sum(${costBooked.amount}), 0)::text` }).from(costBooked).where(and(eq(costBooked.orgId, ctx.orgId), eq(costBooked.period, period)));
    const { ratingVersion } = await readStand(tx, ctx.orgId);
    const after = { state: "closed" as const, closedBy: ctx.actor.id, closedByName: ctx.actor.name, closedAt: sql`now()` as unknown as Date, ratingVersion, total: sums!.total };
    await tx.update(costPeriods).set(after).where(ofOrg(ctx, period));
    await audit(tx, ctx, { action: "period.close", target: { type: "period", id: period, name: period }, before: { requestedBy: asked.requestedByName }, after: { total: sums!.total, ratingVersion } });
  });
  await tellCosts(ctx);
}

async function refuseUnready(tx: Tx, ctx: Ctx, period: string): Promise<void> {
  const [booked] = await tx.select({ period: costBooked.period }).from(costBooked).where(and(eq(costBooked.orgId, ctx.orgId), eq(costBooked.period, period))).limit(1);
  if (!booked) throw notFound();
  const failed = periodChecks(period, await readPeriodFacts(tx, ctx.orgId, period), Date.now()).find(({ ok }) => !ok);
  if (failed) throw new DomainError("conflict", `${failed.name}: no. ${failed.problem}`);
}
