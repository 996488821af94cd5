import { and, eq, inArray, isNotNull, isNull, sql } from "drizzle-orm";
import type { Db, Tx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { budgetAlerts } from "../../../db/schema/budgets.ts";
import { attempts, runs } from "../../../db/schema/experiments.ts";
import { isUsedUp, newLevels } from "../../../domain/costs/budget.ts";
import { periodOf } from "../../../domain/costs/ledger.ts";
import type { Bus } from "../../bus.ts";
import { databaseTime, note, submitted, transact, type Work } from "../../experiments/commands/transitions.ts";
import { log } from "../../log.ts";
import { preemptAttempts } from "../../queue/commands/preempt.ts";
import { type Budget, fallsTo, readBudgets } from "../queries/budgets.ts";

/** Runs that one turn holds or lets go, so that no transaction grows with the cluster. */
const TOGETHER = 500;
const NOW = databaseTime(sql`now()`);

/**
 * Announces levels that were reached, holds back what a used-up budget drains, and lets it go once there is money again:
 * raised, archived, or a new month.
 * @param orgIds Only these organizations; null: all.
 */
export async function watchBudgets({ db, bus }: { db: Db; bus: Bus }, orgIds: readonly string[] | null, now: number): Promise<void> {
  const where = orgIds ? sql`b.archived_at is null and b.org_id in ${orgIds}` : sql`b.archived_at is null`;
  if (orgIds?.length === 0) return;
  const budgets = await readBudgets(db, where);
  for (const budget of budgets) await announce(db, bus, budget, now);
  const drained = budgets.filter((budget) => budget.policy === "drain" && isUsedUp(budget));
  for (const budget of drained) await transact(db, bus, (work) => drain(work, budget));
  await transact(db, bus, (work) => letGo(work, orgIds, new Set(drained.map(({ id }) => id))));
}

async function announce(db: Db, bus: Bus, budget: Budget, now: number): Promise<void> {
  const month = periodOf(now);
  if (newLevels(budget, budget.levels, []).length === 0) return;
  const known = await db.select({ level: budgetAlerts.level }).from(budgetAlerts).where(and(eq(budgetAlerts.budgetId, budget.id), eq(budgetAlerts.month, month)));
  const fresh = newLevels(budget, budget.levels, known.map(({ level }) => level));
  if (fresh.length === 0) return;
  await db.insert(budgetAlerts).values(fresh.map((level) => ({ budgetId: budget.id, month, level }))).onConflictDoNothing();
  log().info({ budget: budget.id, levels: fresh }, "a budget reached a level");
  bus.publish({ orgId: budget.orgId, topic: "costs", id: budget.orgId });
}

/** Every run that falls to it is held; those that run are asked to save a checkpoint and stop, and queue behind the hold. */
async function drain(work: Work, budget: Budget): Promise<void> {
  const heldBy = `the budget ${budget.name}`;
  const message = `Held by ${heldBy}: it is used up for this month.`;
  const rows = await work.tx.select().from(runs).where(and(eq(runs.orgId, budget.orgId), isNull(runs.heldAt), isNotNull(runs.spec), inArray(runs.status, ["queued", "starting", "running"]), coveredBy(budget))).orderBy(runs.id).limit(TOGETHER).for("no key update", { skipLocked: true });
  const held = rows.map(submitted);
  if (held.length === 0) return;
  const ids = held.map(({ id }) => id);
  await work.tx.update(runs).set({ heldAt: NOW, heldBy, heldBudgetId: budget.id, pending: sql`case when ${runs.status} = 'queued' then ${JSON.stringify({ kind: "held", message })}::jsonb else ${runs.pending} end` }).where(inArray(runs.id, ids));
  for (const run of held) note(work, run, { kind: "run.held", actor: "budget", message });
  const live = await work.tx.select({ attemptId: attempts.id, runId: attempts.runId }).from(attempts).where(and(inArray(attempts.runId, ids), isNull(attempts.stopRequestedAt), inArray(attempts.status, ["assigned", "starting", "running"])));
  await preemptAttempts(work, live.map((one) => ({ ...one, forRunId: null, why: "budget" as const, message: `The budget ${budget.name} is used up for this month.` })));
  tell(work, budget.orgId, ids);
}

const coveredBy = (budget: Budget) => sql`exists (select 1 from budgets b where b.id = ${budget.id} and ${fallsTo({ project: sql`${runs.projectId}`, team: sql`(select team_id from ${projects} where ${projects.id} = ${runs.projectId})`, owner: sql`${runs.ownerId}` })})`;

async function letGo(work: Work, orgIds: readonly string[] | null, drained: ReadonlySet<string>): Promise<void> {
  const rows = await heldByBudgets(work.tx, orgIds, drained);
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  await work.tx.update(runs).set({ heldAt: null, heldBy: null, heldBudgetId: null, pending: null }).where(inArray(runs.id, ids));
  for (const run of rows) note(work, submitted(run), { kind: "run.released", actor: "budget", message: `Released: ${run.heldBy ?? "the budget"} has money again.` });
  for (const orgId of new Set(rows.map((run) => run.orgId))) tell(work, orgId, rows.filter((run) => run.orgId === orgId).map(({ id }) => id));
}

async function heldByBudgets(tx: Tx, orgIds: readonly string[] | null, drained: ReadonlySet<string>) {
  const still = drained.size > 0 ? sql`${runs.heldBudgetId} not in ${[...drained]}` : undefined;
  return tx.select().from(runs).where(and(isNotNull(runs.heldBudgetId), inArray(runs.status, ["queued", "starting", "running", "unreachable"]), orgIds ? inArray(runs.orgId, [...orgIds]) : undefined, still)).orderBy(runs.id).limit(TOGETHER).for("no key update", { skipLocked: true });
}

function tell(work: Work, orgId: string, runIds: readonly string[]): void {
  for (const id of runIds) work.changes.push({ orgId, topic: "run", id });
  work.changes.push({ orgId, topic: "queue", id: orgId });
}
