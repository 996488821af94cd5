import { and, eq, inArray, sql } from "drizzle-orm";
import type { Db, DbOrTx } from "../../../db/client.ts";
import { projectSecrets } from "../../../db/schema/access.ts";
import { attempts, runs } from "../../../db/schema/experiments.ts";
import type { DeleteSecret, SetSecret } from "../../../domain/access/inputs.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import type { Actor } from "../actor.ts";
import { audit } from "../audit.ts";
import { publishAccess } from "../publish.ts";
import { seal, unseal } from "../secrets.ts";
import { lockReached } from "./tree.ts";

/** A sealed value opens only as this name of this project: rows cannot be swapped in the database. */
const purposeOf = (projectId: string, name: string): string => `project secret ${projectId} ${name}`;

/** Makes a secret, or gives it another value. It is never read back to anybody. */
export async function setSecret(ctx: Ctx, { projectId, name, value }: SetSecret): Promise<{ replaced: boolean }> {
  const sealed = seal(value, purposeOf(projectId, name));
  const replaced = await ctx.db.transaction(async (tx) => {
    await lockReached(tx, ctx, projectId);
    const ofName = and(eq(projectSecrets.projectId, projectId), eq(projectSecrets.name, name));
    const [before] = await tx.select({ id: projectSecrets.id }).from(projectSecrets).where(ofName);
    const [row] = await tx
      .insert(projectSecrets)
      .values({ orgId: ctx.orgId, projectId, name, sealed, setBy: ctx.actor.name })
      .onConflictDoUpdate({ target: [projectSecrets.projectId, projectSecrets.name], set: { sealed, setBy: ctx.actor.name, setAt: sql`now()`, updatedAt: sql`now()` } })
      .returning({ id: projectSecrets.id });
    await audit(tx, ctx, { action: before ? "secret.replace" : "secret.create", target: { type: "secret", id: row!.id, name }, projectId });
    return before !== undefined;
  });
  await publishAccess(ctx.orgId);
  return { replaced };
}

export async function deleteSecret(ctx: Ctx, { projectId, name }: DeleteSecret): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await lockReached(tx, ctx, projectId);
    const [row] = await tx.delete(projectSecrets).where(and(eq(projectSecrets.projectId, projectId), eq(projectSecrets.name, name))).returning({ id: projectSecrets.id });
    if (!row) throw notFound();
    await audit(tx, ctx, { action: "secret.delete", target: { type: "secret", id: row.id, name }, projectId });
  });
  await publishAccess(ctx.orgId);
}

/** Of these names, those that the project does not have. */
export async function missingSecrets(db: DbOrTx, projectId: string, names: string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const rows = await db.select({ name: projectSecrets.name }).from(projectSecrets).where(and(eq(projectSecrets.projectId, projectId), inArray(projectSecrets.name, names)));
  const known = new Set(rows.map(({ name }) => name));
  return names.filter((name) => !known.has(name));
}

interface Handed {
  values: Record<string, string>;
  /** Deleted since the run was submitted, or sealed under another key of the server. */
  missing: string[];
}

/** The secrets that these attempts' runs name, for the agent that starts them. Each hand-over is in the audit log. */
export async function handOverSecrets(db: Db, by: { orgId: string; actor: Actor }, attemptIds: string[]): Promise<Map<string, Handed>> {
  const handed = new Map<string, Handed>();
  if (attemptIds.length === 0) return handed;
  await db.transaction(async (tx) => {
    const wanted = await tx.select({ attemptId: attempts.id, runId: runs.id, runName: runs.name, projectId: runs.projectId, spec: runs.spec }).from(attempts).innerJoin(runs, eq(runs.id, attempts.runId)).where(and(eq(attempts.orgId, by.orgId), inArray(attempts.id, attemptIds)));
    for (const { attemptId, runId, runName, projectId, spec } of wanted) {
      const names = [...(spec?.secrets ?? [])].sort(); // in one order everywhere: two agents that ask at once do not lock each other out
      const rows = await tx.update(projectSecrets).set({ lastUsedAt: sql`now()`, lastUsedRunId: runId }).where(and(eq(projectSecrets.projectId, projectId), inArray(projectSecrets.name, names))).returning();
      const one: Handed = { values: {}, missing: [] };
      for (const name of names) {
        const row = rows.find((each) => each.name === name);
        const value = row && unseal(row.sealed, purposeOf(projectId, name));
        if (!row || value == null) one.missing.push(name);
        else {
          one.values[name] = value;
          await audit(tx, { ...by, requestId: null }, { action: "secret.use", target: { type: "secret", id: row.id, name }, projectId, after: { runId, run: runName, attemptId } });
        }
      }
      handed.set(attemptId, one);
    }
  });
  return handed;
}
