import { and, eq, ne, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { newId } from "../../../db/schema/columns.ts";
import { modelAliases, modelEvents, modelVersions, registeredModels } from "../../../db/schema/models.ts";
import { ACTIVE_STAGES, type Stage } from "../../../domain/models/registry.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { type Author, changeModel, type Happening, lockVersion, type ModelRef, type ModelVersion } from "./change.ts";
import { withTag } from "./registered.ts";

export interface NewVersion {
  source: string;
  /** Where its files are, as `get-download-uri` answers. */
  location: string;
  runId: string | null;
  loggedModelId: string | null;
  runLink?: string | null;
  description?: string | null;
  tags?: Record<string, string>;
}

/** Gives the next number. @param claim Keeps, with the version, that this request made it. */
export function createVersion(by: Author, of: ModelRef, given: NewVersion, claim?: (tx: Tx, version: string) => Promise<void>): Promise<ModelVersion> {
  return changeModel(by, of, async (tx, model) => {
    const version = model.lastVersion + 1;
    await claim?.(tx, String(version));
    await tx.update(registeredModels).set({ lastVersion: version }).where(eq(registeredModels.id, model.id));
    const { tags = {}, description, ...rest } = given;
    const [made] = await tx.insert(modelVersions).values({ ...rest, modelId: model.id, version, orgId: by.orgId, description: description || null, tags, createdBy: by.actor.name }).returning();
    const data = { name: model.name, version: String(version), source: given.source, run_id: given.runId, tags, description: description ?? "" };
    return { result: made!, happened: [{ kind: "version.created", version, message: `Version ${version} registered.`, action: "model.version-create", after: { version, ...given }, webhook: { event: "model_version.created", data } }] };
  });
}

export function describeVersion(by: Author, of: ModelRef, number: number, description: string): Promise<ModelVersion> {
  return changeVersion(by, of, number, (row) => ({
    set: { description: description || null },
    happened: { kind: "version.described", message: `Description of version ${row.version} changed.`, action: "model.update", before: { description: row.description }, after: { description }, webhook: null },
  }));
}

/** Sets a tag, or takes it away where the value is null. */
export function tagVersion(by: Author, of: ModelRef, number: number, tag: { key: string; value: string | null }): Promise<ModelVersion> {
  const { key, value } = tag;
  return changeVersion(by, of, number, (row) => ({
    set: { tags: withTag(row.tags, key, value) },
    happened: {
      kind: "version.tag", message: value === null ? `Tag ${key} of version ${number} removed.` : `Tag ${key} of version ${number} set to ${value.slice(0, 80)}.`, action: "model.update", before: { tags: row.tags }, after: { [key]: value },
      webhook: { event: value === null ? "model_version_tag.deleted" : "model_version_tag.set", data: { name: of.name, version: String(number), key, ...(value === null ? {} : { value }) } },
    },
  }));
}

function changeVersion(by: Author, of: ModelRef, number: number, change: (row: ModelVersion) => { set: Partial<ModelVersion>; happened: Omit<Happening, "version"> }): Promise<ModelVersion> {
  return changeModel(by, of, async (tx, model) => {
    const before = await lockVersion(tx, model, number);
    const { set, happened } = change(before);
    const [after] = await tx.update(modelVersions).set(set).where(and(eq(modelVersions.modelId, model.id), eq(modelVersions.version, number))).returning();
    return { result: after!, happened: [{ ...happened, version: number }] };
  });
}

/**
 * Moves a version to a stage. @param archiveOthers Moves what is in that stage to Archived; only for stages that serve.
 * @throws DomainError "invalid" when others cannot be archived from that stage.
 */
export function moveToStage(by: Author, of: ModelRef, number: number, to: { stage: Stage; archiveOthers: boolean }): Promise<ModelVersion> {
  if (to.archiveOthers && !ACTIVE_STAGES.includes(to.stage)) {
    throw new DomainError("invalid", `Model version transition cannot archive existing model versions because '${to.stage}' is not an Active stage. Valid stages are ${ACTIVE_STAGES.join(", ")}`, { issues: [{ field: "archiveOthers", message: `Nothing is archived from ${to.stage}.` }] });
  }
  return changeModel(by, of, async (tx, model) => {
    const before = await lockVersion(tx, model, number);
    const happened: Happening[] = [];
    if (to.archiveOthers) {
      const others = await tx
        .update(modelVersions)
        .set({ stage: "Archived" })
        .where(and(eq(modelVersions.modelId, model.id), eq(modelVersions.stage, to.stage), ne(modelVersions.version, number)))
        .returning({ version: modelVersions.version });
      for (const { version } of others) happened.push({ kind: "version.stage", version, message: `Version ${version} moved from ${to.stage} to Archived: version ${number} takes its place.`, action: "model.stage", before: { stage: to.stage }, after: { stage: "Archived" }, webhook: null });
    }
    const [after] = await tx.update(modelVersions).set({ stage: to.stage }).where(and(eq(modelVersions.modelId, model.id), eq(modelVersions.version, number))).returning();
    if (before.stage !== to.stage) happened.push({ kind: "version.stage", version: number, message: `Version ${number} moved from ${before.stage} to ${to.stage}.`, action: "model.stage", before: { stage: before.stage }, after: { stage: to.stage }, webhook: null });
    return { result: after!, happened };
  });
}

/** Its number is not given again. The files stay where they are. */
export function deleteVersion(by: Author, of: ModelRef, number: number): Promise<void> {
  return changeModel(by, of, async (tx, model) => {
    const row = await lockVersion(tx, model, number);
    await tx.delete(modelAliases).where(and(eq(modelAliases.modelId, model.id), eq(modelAliases.version, number)));
    await tx.delete(modelVersions).where(and(eq(modelVersions.modelId, model.id), eq(modelVersions.version, number)));
    return { result: undefined, happened: [{ kind: "version.deleted", version: number, message: `Version ${number} deleted.`, action: "model.version-delete", before: { version: number, source: row.source, stage: row.stage, tags: row.tags, description: row.description }, webhook: null }] };
  });
}

/** Points an alias at a version, from wherever it pointed. */
export function setAlias(by: Author, of: ModelRef, alias: string, number: number): Promise<void> {
  return changeModel(by, of, async (tx, model) => {
    await lockVersion(tx, model, number);
    const [before] = await tx.select({ version: modelAliases.version }).from(modelAliases).where(and(eq(modelAliases.modelId, model.id), eq(modelAliases.alias, alias)));
    await tx
      .insert(modelAliases)
      .values({ modelId: model.id, alias, version: number, setBy: by.actor.name })
      .onConflictDoUpdate({ target: [modelAliases.modelId, modelAliases.alias], set: { version: number, setBy: by.actor.name, setAt: sql`now()` } });
    if (before?.version === number) return { result: undefined, happened: [] };
    const from = before ? `moved from version ${before.version} to ${number}` : `set on version ${number}`;
    if (before) await tx.insert(modelEvents).values({ id: newId("modelEvent"), orgId: by.orgId, modelId: model.id, version: before.version, kind: "alias.moved", actor: by.actor.name, message: `Alias ${alias} moved on to version ${number}.` });
    return { result: undefined, happened: [{ kind: "alias.set", version: number, message: `Alias ${alias} ${from}.`, action: "model.alias", before: { alias, version: before?.version ?? null }, after: { alias, version: number }, webhook: { event: "model_version_alias.created", data: { name: model.name, alias, version: String(number) } } }] };
  });
}

/** Nothing happens where there is no such alias. */
export function deleteAlias(by: Author, of: ModelRef, alias: string): Promise<void> {
  return changeModel(by, of, async (tx, model) => {
    const [gone] = await tx.delete(modelAliases).where(and(eq(modelAliases.modelId, model.id), eq(modelAliases.alias, alias))).returning({ version: modelAliases.version });
    if (!gone) return { result: undefined, happened: [] };
    return { result: undefined, happened: [{ kind: "alias.removed", version: gone.version, message: `Alias ${alias} taken from version ${gone.version}.`, action: "model.alias", before: { alias, version: gone.version }, after: { alias, version: null }, webhook: { event: "model_version_alias.deleted", data: { name: model.name, alias } } }] };
  });
}
