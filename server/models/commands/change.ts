import { and, eq, sql } from "drizzle-orm";
import type { Db, Tx } from "../../../db/client.ts";
import { modelEvents, modelVersions, registeredModels } from "../../../db/schema/models.ts";
import type { AuditAction } from "../../../domain/access/audit-actions.ts";
import type { WebhookEvent } from "../../../domain/models/webhooks.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import type { Actor } from "../../access/actor.ts";
import { audit } from "../../access/audit.ts";
import { bus } from "../../bus.ts";
import { queueDeliveries } from "./outbox.ts";

/** Who changes something, and where. Both tRPC's context and MLflow's fit. */
export interface Author {
  db: Db;
  orgId: string;
  actor: Actor;
  requestId: string;
}

export type RegisteredModel = typeof registeredModels.$inferSelect;
export type ModelVersion = typeof modelVersions.$inferSelect;
/** Names a registered model whose project the caller may see. */
export type ModelRef = Pick<RegisteredModel, "id" | "name" | "projectId">;

/** What happened, for the timeline, the audit log and whoever subscribed. */
export interface Happening {
  kind: string;
  message: string;
  version?: number;
  action: AuditAction;
  before?: unknown;
  after?: unknown;
  /** null: nobody can subscribe to it. */
  webhook: { event: WebhookEvent; data: Record<string, unknown> } | null;
}

/**
 * One change of a registered model, under its row's lock: the change, its timeline entry, its audit entry and the messages to
 * subscribers commit together.
 * @throws DomainError "not_found" in MLflow's words when it is gone.
 */
export async function changeModel<Result>(by: Author, of: ModelRef, change: (tx: Tx, model: RegisteredModel) => Promise<{ result: Result; happened: Happening[] }>): Promise<Result> {
  const result = await by.db.transaction(async (tx) => {
    const [model] = await tx.select().from(registeredModels).where(and(eq(registeredModels.orgId, by.orgId), eq(registeredModels.id, of.id))).for("update");
    if (!model) throw noModel(of.name);
    const done = await change(tx, model);
    for (const one of done.happened) await tell(tx, by, model, one);
    if (done.happened.length > 0) await tx.update(registeredModels).set({ updatedAt: sql`now()` }).where(eq(registeredModels.id, model.id));
    return done.result;
  });
  bus().publish({ orgId: by.orgId, topic: "model", id: of.id });
  return result;
}

export async function tell(tx: Tx, by: Author, model: ModelRef & { orgId: string }, { kind, message, version, action, before, after, webhook }: Happening): Promise<void> {
  await tx.insert(modelEvents).values({ orgId: by.orgId, modelId: model.id, version: version ?? null, kind, actor: by.actor.name, message });
  await audit(tx, by, { action, target: { type: "model", id: model.id, name: version === undefined ? model.name : `${model.name} ${version}` }, projectId: model.projectId, before, after });
  if (webhook) await queueDeliveries(tx, model.projectId, webhook.event, webhook.data);
}

/** MLflow's own words: its clients show them. */
export const noModel = (name: string): DomainError => new DomainError("not_found", `Registered Model with name=${name} not found`);
export const noVersion = (name: string, version: number | string): DomainError => new DomainError("not_found", `Model Version (name=${name}, version=${version}) not found`);

/** The version's row, locked. @throws DomainError "not_found" */
export async function lockVersion(tx: Tx, model: ModelRef, version: number): Promise<ModelVersion> {
  const [row] = await tx.select().from(modelVersions).where(and(eq(modelVersions.modelId, model.id), eq(modelVersions.version, version))).for("update");
  if (!row) throw noVersion(model.name, version);
  return row;
}
