import { and, eq, or, sql } from "drizzle-orm";
import { artifacts } from "../../../db/schema/experiments.ts";
import { reaches } from "../../../domain/access/roles.ts";
import { pathProblem } from "../../../domain/experiments/mlflow-artifact-path.ts";
import { artifactUri } from "../../../domain/experiments/mlflow-words.ts";
import type { RegisterFromRun } from "../../../domain/models/inputs.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { getVisibleRun } from "../../experiments/queries/visible.ts";
import type { Ctx } from "../../trpc/context.ts";
import { getVisibleModel } from "../queries/pages.ts";
import { findModel } from "../queries/registry.ts";
import type { ModelRef } from "./change.ts";
import { createModel } from "./registered.ts";
import { createVersion } from "./versions.ts";

/** The model, seen with `models:read`, acted on with the permission of the procedure. @throws DomainError "not_found", "forbidden" */
export async function modelFor(ctx: Ctx, id: string): Promise<ModelRef> {
  const { model, project } = await getVisibleModel(ctx.db, ctx.grantFor("models:read") ?? ctx.grant, id);
  if (!reaches(ctx.grant, project)) throw new DomainError("forbidden", `This needs the permission ${ctx.grant.permission} in the project ${project.name}.`);
  return model;
}

const bad = (field: string, message: string) => new DomainError("invalid", `${field}: ${message}`, { issues: [{ field, message }] });

/** A version of what a run left: of a model of this name in the run's project, new or known. */
export async function registerFromRun(ctx: Ctx, { runId, path, name, description }: RegisterFromRun): Promise<{ id: string; version: number }> {
  const run = await getVisibleRun(ctx.db, ctx.grant, runId);
  const folder = path.replace(/\/+$/, "");
  const problem = pathProblem(folder);
  if (problem) throw bad("path", problem);
  const [file] = await ctx.db.select({ id: artifacts.id }).from(artifacts).where(and(eq(artifacts.orgId, ctx.orgId), eq(artifacts.runId, run.id), or(eq(artifacts.path, folder), sql`starts_with(${artifacts.path}, ${`${folder}/`})`))).limit(1);
  if (!file) throw bad("path", "The run has no such file or folder.");
  const model = (await findModel(ctx.db, run.projectId, name)) ?? (await modelCalled(ctx, run.projectId, name));
  const source = `${artifactUri(run.experimentId, run.id)}/${folder}`;
  const { version } = await createVersion(ctx, model, { source, location: source, runId: run.id, loggedModelId: null, description });
  return { id: model.id, version };
}

/** New, or the one that somebody made at this moment. */
async function modelCalled(ctx: Ctx, projectId: string, name: string): Promise<ModelRef> {
  return createModel(ctx, projectId, { name }).catch(async (error: unknown) => {
    const made = error instanceof DomainError && error.code === "conflict" ? await findModel(ctx.db, projectId, name) : null;
    if (made) return made;
    throw error;
  });
}
