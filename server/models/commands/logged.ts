import { randomUUID } from "node:crypto";
import { and, eq, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { loggedModels, runModels } from "../../../db/schema/models.ts";
import type { LoggedModelStatus } from "../../../domain/models/registry.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import type { LoggedModelRow } from "../queries/logged.ts";
import { listPins } from "../queries/pinned.ts";
import type { Author } from "./change.ts";

// Logging is what runs do all the time: no audit entry but for deletions.

export interface NewLoggedModel {
  projectId: string;
  experimentId: string;
  name: string;
  modelType: string | null;
  sourceRunId: string | null;
  params: Record<string, string>;
  tags: Record<string, string>;
}

/** @param claim Keeps, with the model, that this request made it. @returns its id. */
export async function createLoggedModel({ db, orgId, actor }: Author, given: NewLoggedModel, claim: (tx: Tx, id: string) => Promise<void>): Promise<string> {
  const id = `m-${randomUUID().replaceAll("-", "")}`;
  await db.transaction(async (tx) => {
    await claim(tx, id);
    await tx.insert(loggedModels).values({ ...given, id, orgId, creator: actor.name });
  });
  return id;
}

const missing = (id: string) => new DomainError("not_found", `Logged model with ID '${id}' not found.`);

export async function finishLoggedModel({ db, orgId }: Author, id: string, status: LoggedModelStatus): Promise<LoggedModelRow> {
  const [row] = await db.update(loggedModels).set({ status }).where(and(eq(loggedModels.orgId, orgId), eq(loggedModels.id, id))).returning();
  if (!row) throw missing(id);
  return row;
}

/** Later values win. */
export async function tagLoggedModel({ db, orgId }: Author, id: string, tags: Record<string, string>): Promise<LoggedModelRow> {
  const [row] = await db.update(loggedModels).set({ tags: sql`${loggedModels.tags} || ${JSON.stringify(tags)}::jsonb` }).where(and(eq(loggedModels.orgId, orgId), eq(loggedModels.id, id))).returning();
  if (!row) throw missing(id);
  return row;
}

/** @returns false when it had no such tag. */
export async function untagLoggedModel({ db, orgId }: Author, id: string, key: string): Promise<boolean> {
  const gone = await db.update(loggedModels).set({ tags: sql`${loggedModels.tags} - ${key}::text` }).where(and(eq(loggedModels.orgId, orgId), eq(loggedModels.id, id), sql`${loggedModels.tags} ? ${key}`)).returning({ id: loggedModels.id });
  return gone.length > 0;
}

/**
 * A parameter never changes once it has a value; the same again is no error.
 * @throws DomainError "invalid" that names it.
 */
export async function addLoggedParams({ db, orgId }: Author, id: string, params: Record<string, string>): Promise<void> {
  const [row] = await db
    .update(loggedModels)
    .set({ params: sql`${JSON.stringify(params)}::jsonb || ${loggedModels.params}` })
    .where(and(eq(loggedModels.orgId, orgId), eq(loggedModels.id, id)))
    .returning({ params: loggedModels.params });
  if (!row) throw missing(id);
  const changed = Object.entries(params).find(([key, value]) => row.params[key] !== value);
  if (changed) throw new DomainError("invalid", `Changing param values is not allowed. Param with key='${changed[0]}' was already logged with value='${row.params[changed[0]]}' for model ID='${id}'.`);
}

/** Out of every list. Its files go with the next collection. @throws DomainError "conflict" while a registered version is made of it. */
export async function deleteLoggedModel(by: Author, model: LoggedModelRow): Promise<void> {
  const [pin] = await listPins(by.db, by.orgId, model.id);
  if (pin) throw new DomainError("conflict", `Version ${pin.version} of ${pin.name} is made of this logged model. Delete that version first.`);
  await by.db.transaction(async (tx) => {
    await tx.update(loggedModels).set({ deletedAt: sql`now()` }).where(eq(loggedModels.id, model.id));
    await audit(tx, by, { action: "model.logged-delete", target: { type: "logged_model", id: model.id, name: model.name }, projectId: model.projectId, before: { name: model.name, sourceRunId: model.sourceRunId } });
  });
}

/** Which models a run made or used. The same again, in one request or in another, changes the step only. */
export async function linkRunModels({ db }: Author, runId: string, role: "input" | "output", models: { modelId: string; step: number }[]): Promise<void> {
  if (models.length === 0) return;
  const once = [...new Map(models.map((one) => [one.modelId, { runId, role, ...one }])).values()];
  await db.insert(runModels).values(once).onConflictDoUpdate({ target: [runModels.runId, runModels.role, runModels.modelId], set: { step: sql`excluded.step` } });
}
