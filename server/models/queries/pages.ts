import { and, asc, count, desc, eq, ilike, inArray, lt, max, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { runs } from "../../../db/schema/experiments.ts";
import { modelAliases, modelEvents, modelVersions, registeredModels } from "../../../db/schema/models.ts";
import type { Permission } from "../../../domain/access/permissions.ts";
import { type Grant, reaches } from "../../../domain/access/roles.ts";
import type { Allowed } from "../../../domain/experiments/run-view.ts";
import type { ListModelEvents, ListModels, ListVersions } from "../../../domain/models/inputs.ts";
import type { ModelDetail, ModelEventView, ModelRowView, VersionRowView } from "../../../domain/models/model-view.ts";
import { PROMPT_TAG } from "../../../domain/models/registry.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import { reachedProjects } from "../../experiments/queries/visible.ts";
import type { Ctx } from "../../trpc/context.ts";
import { afterPlace, aliasesOf, millis, orderOf, placeColumn, type Sort, tokenOf } from "./registry.ts";
import { containing } from "../../like.ts";

interface Page<Row> {
  items: Row[];
  nextCursor: string | null;
}

const PROJECT = { id: projects.id, slug: projects.slug, name: projects.name };
const NEWEST: Sort[] = [{ by: millis(registeredModels.updatedAt), type: sql`bigint`, descending: true }, { by: registeredModels.id, type: sql`text`, descending: true }];
/** The one that changed last first. */
export async function listModels(db: DbOrTx, grant: Grant, { project, text, cursor, limit }: ListModels): Promise<Page<ModelRowView> & { total: number }> {
  const where = and(eq(registeredModels.orgId, grant.orgId), reachedProjects(grant), project ? eq(projects.slug, project) : undefined, text ? ilike(registeredModels.name, containing(text)) : undefined);
  const found = await db
    .select({ model: registeredModels, project: PROJECT, place: placeColumn(NEWEST) })
    .from(registeredModels)
    .innerJoin(projects, eq(projects.id, registeredModels.projectId))
    .where(and(where, afterPlace(NEWEST, cursor ?? null)))
    .orderBy(...orderOf(NEWEST))
    .limit(limit + 1);
  const [counted] = await db.select({ total: count() }).from(registeredModels).innerJoin(projects, eq(projects.id, registeredModels.projectId)).where(where);
  const shown = found.slice(0, limit);
  return { items: await toRows(db, shown), nextCursor: found.length > limit ? tokenOf(shown.at(-1)!.place) : null, total: counted!.total };
}

interface Found {
  model: typeof registeredModels.$inferSelect;
  project: { id: string; slug: string; name: string };
}

async function toRows(db: DbOrTx, found: Found[]): Promise<ModelRowView[]> {
  const ids = found.map(({ model }) => model.id);
  if (ids.length === 0) return [];
  const latest = await db.select({ modelId: modelVersions.modelId, version: max(modelVersions.version) }).from(modelVersions).where(inArray(modelVersions.modelId, ids)).groupBy(modelVersions.modelId);
  const aliases = await db.select({ modelId: modelAliases.modelId, alias: modelAliases.alias, version: modelAliases.version }).from(modelAliases).where(inArray(modelAliases.modelId, ids)).orderBy(asc(modelAliases.alias));
  return found.map(({ model, project }) => ({
    id: model.id,
    name: model.name,
    description: model.description,
    project: { id: project.id, slug: project.slug, name: project.name },
    isPrompt: model.tags[PROMPT_TAG] === "true",
    latestVersion: latest.find(({ modelId }) => modelId === model.id)?.version ?? null,
    aliases: aliases.filter(({ modelId }) => modelId === model.id).map(({ alias, version }) => ({ alias, version })),
    createdBy: model.createdBy,
    createdAt: model.createdAt,
    updatedAt: model.updatedAt,
  }));
}

/** @throws DomainError "not_found" when it is missing or out of the grant's reach. */
export async function getVisibleModel(db: DbOrTx, grant: Grant, id: string) {
  const [found] = await db
    .select({ model: registeredModels, project: { ...PROJECT, teamId: projects.teamId } })
    .from(registeredModels)
    .innerJoin(projects, eq(projects.id, registeredModels.projectId))
    .where(and(eq(registeredModels.orgId, grant.orgId), eq(registeredModels.id, id), reachedProjects(grant)))
    .limit(1);
  if (!found) throw notFound();
  return found;
}

/** What the buttons may do in this project, and if not, why. */
export function modelActions(ctx: Ctx, project: { id: string; teamId: string }): { write: Allowed; promote: Allowed } {
  const may = (permission: Permission): Allowed => {
    const grant = ctx.grantFor(permission);
    return grant && reaches(grant, project) ? { ok: true } : { ok: false, reason: `This needs the permission ${permission}. Ask a lead of the project for it.` };
  };
  return { write: may("models:write"), promote: may("models:promote") };
}

export async function getModel(ctx: Ctx, id: string): Promise<ModelDetail> {
  const found = await getVisibleModel(ctx.db, ctx.grant, id);
  const [row] = await toRows(ctx.db, [found]);
  return { ...row!, tags: found.model.tags, versionCount: await ctx.db.$count(modelVersions, eq(modelVersions.modelId, id)), can: modelActions(ctx, found.project) };
}

/** The newest first. */
export async function listVersions(db: DbOrTx, grant: Grant, { id, cursor, limit }: ListVersions): Promise<{ items: VersionRowView[]; nextCursor: number | null }> {
  await getVisibleModel(db, grant, id);
  const rows = await db
    .select({ row: modelVersions, runName: runs.name })
    .from(modelVersions)
    .leftJoin(runs, eq(runs.id, modelVersions.runId))
    .where(and(eq(modelVersions.modelId, id), cursor ? lt(modelVersions.version, cursor) : undefined))
    .orderBy(desc(modelVersions.version))
    .limit(limit + 1);
  const shown = rows.slice(0, limit);
  const aliases = await aliasesOf(db, shown.map(({ row }) => row));
  return { items: shown.map(({ row, runName }) => versionRow(row, runName, aliases.get(`${row.modelId} ${row.version}`) ?? [])), nextCursor: rows.length > limit ? shown.at(-1)!.row.version : null };
}

export function versionRow(row: typeof modelVersions.$inferSelect, runName: string | null, aliases: string[]): VersionRowView {
  const { version, stage, status, description, createdBy, createdAt } = row;
  return { version, stage, status, description, aliases, run: row.runId && runName !== null ? { id: row.runId, name: runName } : null, createdBy, createdAt };
}

/** Who promoted what, when; the newest first. */
export async function listModelEvents(db: DbOrTx, grant: Grant, { id, version, cursor, limit }: ListModelEvents): Promise<Page<ModelEventView>> {
  await getVisibleModel(db, grant, id);
  const rows = await db
    .select({ id: modelEvents.id, at: modelEvents.at, kind: modelEvents.kind, version: modelEvents.version, actor: modelEvents.actor, message: modelEvents.message })
    .from(modelEvents)
    .where(and(eq(modelEvents.modelId, id), version ? eq(modelEvents.version, version) : undefined, cursor ? lt(modelEvents.id, cursor) : undefined))
    .orderBy(desc(modelEvents.id))
    .limit(limit + 1);
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null };
}
