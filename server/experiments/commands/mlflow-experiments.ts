import { and, eq, isNull, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { isTaken } from "../../../db/refused.ts";
import { experiments, experimentTags } from "../../../db/schema/experiments.ts";
import type { AuditAction } from "../../../domain/access/audit-actions.ts";
import { DEFAULT_EXPERIMENT } from "../../../domain/experiments/mlflow-words.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import type { Ctx } from "../../trpc/context.ts";
import { type ExperimentRecord, findExperimentByName } from "../queries/mlflow-experiments.ts";

interface Tag {
  key: string;
  value: string;
}

/** @returns null when the project has one of this name already. */
export async function createExperiment(ctx: Ctx, projectId: string, of: { name: string; artifactLocation: string | null; tags: Tag[] }): Promise<ExperimentRecord | null> {
  return ctx.db.transaction(async (tx) => {
    const [made] = await tx.insert(experiments).values({ orgId: ctx.orgId, projectId, name: of.name, artifactLocation: of.artifactLocation }).onConflictDoNothing().returning();
    if (!made) return null;
    await putTags(tx, made.id, of.tags);
    await audit(tx, ctx, { action: "experiment.create", target: { type: "experiment", id: made.id, name: of.name }, projectId, after: { name: of.name } });
    return made;
  });
}

/** The experiment that clients log to when they name none; made when it is first asked for. */
export async function defaultExperiment(ctx: Ctx, projectId: string): Promise<ExperimentRecord> {
  const found = await findExperimentByName(ctx.db, projectId, DEFAULT_EXPERIMENT);
  if (found) return found;
  const made = await createExperiment(ctx, projectId, { name: DEFAULT_EXPERIMENT, artifactLocation: null, tags: [] });
  return made ?? (await findExperimentByName(ctx.db, projectId, DEFAULT_EXPERIMENT))!; // another request made it meanwhile
}

/** @throws DomainError "conflict" when the name is taken. */
export async function renameExperiment(ctx: Ctx, row: ExperimentRecord, name: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await tx.update(experiments).set({ name }).where(eq(experiments.id, row.id));
    await audit(tx, ctx, { action: "experiment.update", target: { type: "experiment", id: row.id, name }, projectId: row.projectId, before: { name: row.name }, after: { name } });
  }).catch((error: unknown) => {
    throw isTaken(error, "experiments_name") ? new DomainError("conflict", `The project has an experiment called ${name} already.`) : error;
  });
}

/** Out of the lists, or back. Its runs go with it: whether a run is deleted is read from both. */
export async function setExperimentDeleted(ctx: Ctx, row: ExperimentRecord, isDeleted: boolean): Promise<void> {
  const action: AuditAction = isDeleted ? "experiment.delete" : "experiment.restore";
  await ctx.db.transaction(async (tx) => {
    await tx.update(experiments).set({ deletedAt: isDeleted ? sql`now()` : null }).where(and(eq(experiments.id, row.id), isDeleted ? isNull(experiments.deletedAt) : undefined));
    await audit(tx, ctx, { action, target: { type: "experiment", id: row.id, name: row.name }, projectId: row.projectId });
  });
}

export async function setExperimentTag(ctx: Ctx, row: ExperimentRecord, tag: Tag): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await putTags(tx, row.id, [tag]);
    await tx.update(experiments).set({ updatedAt: sql`now()` }).where(eq(experiments.id, row.id));
    await audit(tx, ctx, { action: "experiment.update", target: { type: "experiment", id: row.id, name: row.name }, projectId: row.projectId, after: { tags: { [tag.key]: tag.value } } });
  });
}

/** @returns whether there was such a tag. */
export async function deleteExperimentTag(ctx: Ctx, row: ExperimentRecord, key: string): Promise<boolean> {
  return ctx.db.transaction(async (tx) => {
    const gone = await tx.delete(experimentTags).where(and(eq(experimentTags.experimentId, row.id), eq(experimentTags.key, key))).returning();
    if (gone.length === 0) return false;
    await audit(tx, ctx, { action: "experiment.update", target: { type: "experiment", id: row.id, name: row.name }, projectId: row.projectId, before: { tags: { [key]: gone[0]!.value } } });
    return true;
  });
}

/** Over what stands there of the same keys. */
export async function putTags(tx: Tx, experimentId: string, tags: Tag[]): Promise<void> {
  const rows = [...new Map(tags.map(({ key, value }) => [key, { experimentId, key, value }])).values()];
  if (rows.length > 0) await tx.insert(experimentTags).values(rows).onConflictDoUpdate({ target: [experimentTags.experimentId, experimentTags.key], set: { value: sql`excluded.value` } });
}
