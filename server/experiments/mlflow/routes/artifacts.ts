import type { Context, Hono } from "hono";
import { artifactUri } from "../../../../domain/experiments/mlflow-words.ts";
import { placeOfUri } from "../../../../domain/experiments/mlflow-artifact-path.ts";
import type { Permission } from "../../../../domain/access/permissions.ts";
import { declareAccess } from "../../../access/guard.ts";
import { type FileOwner, findFile } from "../../queries/artifact-tree.ts";
import { sendFile } from "../../send-file.ts";
import { listArtifacts } from "../artifact-proxy.ts";
import { enterProject, type MlflowCtx } from "../caller.ts";
import { MlflowError, refuse, toResponse } from "../errors.ts";
import { runOf } from "../found.ts";
import { MLFLOW_ROOT, type MlflowRoute, route } from "../mount.ts";
import { loggedModelOf, versionOf } from "../registry-found.ts";
import { OptionalText } from "../wire.ts";
import { RunIds } from "./runs.ts";

const READ = { permission: "runs:read", forRuns: true } as const;

export const artifactRoutes: MlflowRoute[] = [
  route("GET", "artifacts/list", READ, RunIds.extend({ path: OptionalText, page_token: OptionalText }), async (ctx, input) => {
    const run = await runOf(ctx, input);
    const { files, ...page } = await listArtifacts(ctx, { kind: "run", id: run.id }, input.path ?? "", input.page_token);
    return { root_uri: artifactUri(run.experimentId, run.id), files, ...page };
  }),
];

/** Files by the names that MLflow's own pages use. */
export function mountArtifactFiles(app: Hono): void {
  const on = (path: string, permission: Permission, find: (c: Context, ctx: MlflowCtx) => Promise<{ owner: FileOwner; path: string }>) =>
    app.get(`${MLFLOW_ROOT}${path}`, declareAccess(permission), async (c) => {
      try {
        const ctx = await enterProject(c.req.raw, c.req.param("project")!, permission, true);
        const wanted = await find(c, ctx);
        const file = await findFile(ctx.db, ctx.orgId, wanted.owner, wanted.path);
        if (!file) throw new MlflowError("RESOURCE_DOES_NOT_EXIST", `No such artifact: '${wanted.path}'`);
        return await sendFile(c.req.raw, file, { asFile: true, isPinned: false });
      } catch (error) {
        return toResponse(error, c.req.path);
      }
    });
  on("/get-artifact", "runs:read", ofRun);
  on("/model-versions/get-artifact", "models:read", ofVersion);
  for (const api of ["api", "ajax-api"]) {
    on(`/${api}/2.0/mlflow/get-artifact`, "runs:read", ofRun);
    on(`/${api}/2.0/mlflow/logged-models/:model_id/artifacts/files`, "runs:read", async (c, ctx) => {
      const model = await loggedModelOf(ctx, c.req.param("model_id")!);
      return { owner: { kind: "model", id: model.id }, path: c.req.query("artifact_file_path") || refuse("Missing value for required parameter 'artifact_file_path'.") };
    });
  }
}

async function ofRun(c: Context, ctx: MlflowCtx): Promise<{ owner: FileOwner; path: string }> {
  const run = await runOf(ctx, { run_id: c.req.query("run_id"), run_uuid: c.req.query("run_uuid") });
  return { owner: { kind: "run", id: run.id }, path: pathParameter(c) };
}

async function ofVersion(c: Context, ctx: MlflowCtx): Promise<{ owner: FileOwner; path: string }> {
  const { row } = await versionOf(ctx, c.req.query("name"), c.req.query("version"));
  const place = placeOfUri(row.location);
  if (!place) throw new MlflowError("INVALID_STATE", `The files of this version are not kept here but at ${row.location}.`);
  return { owner: { kind: place.kind, id: place.id }, path: [place.path, pathParameter(c)].filter(Boolean).join("/") };
}

const pathParameter = (c: Context): string => c.req.query("path") || refuse("Missing value for required parameter 'path'.");
