import { eq } from "drizzle-orm";
import { isTaken } from "../../../db/refused.ts";
import { modelAliases, modelVersions, registeredModels } from "../../../db/schema/models.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import { bus } from "../../bus.ts";
import { type Author, changeModel, type ModelRef, type RegisteredModel, tell } from "./change.ts";

export interface NewModel {
  name: string;
  description?: string | null;
  tags?: Record<string, string>;
}

const taken = (name: string) => new DomainError("conflict", `Registered Model (name=${name}) already exists.`);

/** @throws DomainError "conflict" when the project has one of this name. */
export async function createModel(by: Author, projectId: string, { name, description, tags = {} }: NewModel): Promise<RegisteredModel> {
  const model = await by.db.transaction(async (tx) => {
    const [made] = await tx
      .insert(registeredModels)
      .values({ orgId: by.orgId, projectId, name, description: description || null, tags, createdBy: by.actor.name })
      .onConflictDoNothing({ target: [registeredModels.projectId, registeredModels.name] })
      .returning();
    if (!made) throw taken(name);
    await tell(tx, by, made, { kind: "model.created", message: "Registered.", action: "model.create", after: { name, description, tags }, webhook: { event: "registered_model.created", data: { name, tags, description: description ?? "" } } });
    return made;
  });
  bus().publish({ orgId: by.orgId, topic: "model", id: model.id });
  return model;
}

/** @throws DomainError "conflict" when the new name is taken. */
export function renameModel(by: Author, of: ModelRef, name: string): Promise<void> {
  return changeModel(by, of, async (tx, model) => {
    await tx.update(registeredModels).set({ name }).where(eq(registeredModels.id, model.id));
    return { result: undefined, happened: name === model.name ? [] : [{ kind: "model.renamed", message: `Renamed from ${model.name} to ${name}.`, action: "model.update", before: { name: model.name }, after: { name }, webhook: null }] };
  }).catch((error: unknown) => {
    throw isTaken(error, "registered_models_name") ? taken(name) : error;
  });
}

export function describeModel(by: Author, of: ModelRef, description: string): Promise<void> {
  return changeModel(by, of, async (tx, model) => {
    await tx.update(registeredModels).set({ description: description || null }).where(eq(registeredModels.id, model.id));
    return { result: undefined, happened: [{ kind: "model.described", message: "Description changed.", action: "model.update", before: { description: model.description }, after: { description }, webhook: null }] };
  });
}

/** Sets a tag, or takes it away where the value is null. */
export function tagModel(by: Author, of: ModelRef, key: string, value: string | null): Promise<void> {
  return changeModel(by, of, async (tx, model) => {
    const tags = withTag(model.tags, key, value);
    await tx.update(registeredModels).set({ tags }).where(eq(registeredModels.id, model.id));
    return { result: undefined, happened: [{ kind: "model.tag", message: value === null ? `Tag ${key} removed.` : `Tag ${key} set to ${value.slice(0, 80)}.`, action: "model.update", before: { tags: model.tags }, after: { tags }, webhook: null }] };
  });
}

export function withTag(tags: Record<string, string>, key: string, value: string | null): Record<string, string> {
  const { [key]: _gone, ...rest } = tags;
  return value === null ? rest : { ...rest, [key]: value };
}

/** With its versions, aliases and timeline. The files stay where they are; the audit log keeps what it was. */
export async function deleteModel(by: Author, of: ModelRef): Promise<void> {
  await by.db.transaction(async (tx) => {
    const [model] = await tx.select().from(registeredModels).where(eq(registeredModels.id, of.id)).for("update");
    if (!model || model.orgId !== by.orgId) throw new DomainError("not_found", `Registered Model with name=${of.name} not found`);
    const versions = await tx.select({ version: modelVersions.version, source: modelVersions.source, stage: modelVersions.stage }).from(modelVersions).where(eq(modelVersions.modelId, model.id));
    await tx.delete(modelAliases).where(eq(modelAliases.modelId, model.id));
    await tx.delete(modelVersions).where(eq(modelVersions.modelId, model.id));
    await tx.delete(registeredModels).where(eq(registeredModels.id, model.id));
    await audit(tx, by, { action: "model.delete", target: { type: "model", id: model.id, name: model.name }, projectId: model.projectId, before: { name: model.name, description: model.description, tags: model.tags, versions } });
  });
  bus().publish({ orgId: by.orgId, topic: "model", id: of.id });
}
