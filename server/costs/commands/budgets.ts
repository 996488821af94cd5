import { and, eq, isNull } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { projects, roleBindings, teams } from "../../../db/schema/access.ts";
import { budgets } from "../../../db/schema/budgets.ts";
import type { ChangeBudget, CreateBudget } from "../../../domain/costs/budget-inputs.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { watchBudgets } from "./budget-watch.ts";
import { tellCosts } from "./tell-costs.ts";

type BudgetRecord = typeof budgets.$inferSelect;
const facts = ({ name, scopeType, scopeId, amount, levels, policy }: BudgetRecord) => ({ name, scope: `${scopeType} ${scopeId}`, amount, levels, policy });

/** @throws DomainError "invalid" where there is no such team, project or person. */
export async function createBudget(ctx: Ctx, { name, scope, amount, levels, policy }: CreateBudget): Promise<{ id: string }> {
  const scopeId = scope.type === "org" ? ctx.orgId : scope.id;
  const id = await ctx.db.transaction(async (tx) => {
    await refuseUnknown(tx, ctx.orgId, { type: scope.type, id: scopeId });
    const [made] = await tx.insert(budgets).values({ orgId: ctx.orgId, name, scopeType: scope.type, scopeId, amount, levels, policy }).returning();
    await audit(tx, ctx, { action: "budget.create", target: { type: "budget", id: made!.id, name }, after: facts(made!) });
    return made!.id;
  });
  await follow(ctx);
  return { id };
}

export async function changeBudget(ctx: Ctx, { id, ...change }: ChangeBudget): Promise<void> {
  await update(ctx, id, "budget.change", change);
}
export async function archiveBudget(ctx: Ctx, id: string): Promise<void> {
  await update(ctx, id, "budget.archive", { archivedAt: new Date() });
}
export async function restoreBudget(ctx: Ctx, id: string): Promise<void> {
  await update(ctx, id, "budget.restore", { archivedAt: null });
}

async function update(ctx: Ctx, id: string, action: "budget.change" | "budget.archive" | "budget.restore", patch: Partial<BudgetRecord>): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [before] = await tx.select().from(budgets).where(and(eq(budgets.orgId, ctx.orgId), eq(budgets.id, id))).for("update");
    if (!before) throw notFound();
    const [after] = await tx.update(budgets).set(patch).where(eq(budgets.id, id)).returning();
    await audit(tx, ctx, { action, target: { type: "budget", id, name: after!.name }, before: facts(before), after: facts(after!) });
  });
  await follow(ctx);
}

/** What it holds back goes on at once, and not with the worker's next turn. */
async function follow(ctx: Ctx): Promise<void> {
  await watchBudgets({ db: ctx.db, bus: bus() }, [ctx.orgId], Date.now());
  await tellCosts(ctx);
}

async function refuseUnknown(tx: Tx, orgId: string, { type, id }: CreateBudget["scope"]): Promise<void> {
  if (type === "org") return;
  const [found] =
    type === "team" ? await tx.select({ id: teams.id }).from(teams).where(and(eq(teams.orgId, orgId), eq(teams.id, id), isNull(teams.archivedAt)))
    : type === "project" ? await tx.select({ id: projects.id }).from(projects).where(and(eq(projects.orgId, orgId), eq(projects.id, id), isNull(projects.archivedAt)))
    : await tx.select({ id: roleBindings.principalId }).from(roleBindings).where(and(eq(roleBindings.orgId, orgId), eq(roleBindings.principalId, id))).limit(1);
  if (found) return;
  const message = `There is no such ${type === "user" ? "person" : type} here.`;
  throw new DomainError("invalid", message, { issues: [{ field: "scope.id", message }] });
}
