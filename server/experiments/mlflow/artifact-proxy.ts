import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import type { Context, Hono } from "hono";
import type { Permission } from "../../../domain/access/permissions.ts";
import { type ArtifactPlace, artifactPlace, MAX_FILE_BYTES, pathProblem } from "../../../domain/experiments/mlflow-artifact-path.ts";
import { declareAccess } from "../../access/guard.ts";
import { findLoggedModel } from "../../models/queries/logged.ts";
import { NOT_KEPT } from "../../not-kept.ts";
import { deleteClientFiles, putClientFile } from "../commands/client-files.ts";
import { objectStore } from "../object-store.ts";
import { type FileOwner, findFile, listFolder, type TreeEntry } from "../queries/artifact-tree.ts";
import { sendFile } from "../send-file.ts";
import { enterProject, isOwn, type MlflowCtx } from "./caller.ts";
import { MlflowError, refuse, toResponse } from "./errors.ts";
import { activeRunOf, runOf } from "./found.ts";
import { MLFLOW_ROOT } from "./mount.ts";

/** Files listed in one answer of the proxy, which has no pages. */
const MAX_LISTED = 10_000;
export const ARTIFACT_ROOT = "2.0/mlflow-artifacts";
const READ = "runs:read";
const WRITE = "runs:log";

type Handler = (c: Context, ctx: MlflowCtx) => Promise<Response>;

/** MLflow's artifact proxy: clients send files to us and never learn where they are kept. */
export function mountArtifactProxy(app: Hono): void {
  for (const api of ["api", "ajax-api"]) {
    const base = `${MLFLOW_ROOT}/${api}/${ARTIFACT_ROOT}`;
    const on = (method: string, path: string, permission: Permission, handler: Handler) => app.on(method, `${base}${path}`, declareAccess(permission), answer(permission, handler));
    on("GET", "/artifacts", READ, list);
    on("GET", "/artifacts/*", READ, (c, ctx) => get(c, ctx, pathAfter(c, `${api}/${ARTIFACT_ROOT}/artifacts/`)));
    on("PUT", "/artifacts/*", WRITE, (c, ctx) => put(c, ctx, pathAfter(c, `${api}/${ARTIFACT_ROOT}/artifacts/`)));
    on("DELETE", "/artifacts/*", WRITE, (c, ctx) => remove(ctx, pathAfter(c, `${api}/${ARTIFACT_ROOT}/artifacts/`)));
    on("GET", "/presigned/*", READ, refusePresigned);
  }
}

export function answer(permission: Permission, handler: Handler): (c: Context) => Promise<Response> {
  return async (c) => {
    try {
      return await handler(c, await enterProject(c.req.raw, c.req.param("project")!, permission, true));
    } catch (error) {
      return toResponse(error, c.req.path);
    }
  };
}

/** The rest of the path as the client meant it. The framework's own parameter would have lost encoded slashes. */
export function pathAfter(c: Context, mark: string): string {
  const { pathname } = new URL(c.req.url);
  try {
    return decodeURIComponent(pathname.slice(pathname.indexOf(mark) + mark.length));
  } catch {
    return refuse("Invalid path: it is not percent-encoded UTF-8.");
  }
}

const noFile = (path: string) => new MlflowError("RESOURCE_DOES_NOT_EXIST", `No such artifact: '${path}'`);

interface Found {
  owner: FileOwner;
  place: ArtifactPlace;
}

/** Whose file a path names, of those that the caller may see. @throws MlflowError 400 for a path that climbs, 404 for what is not there. */
export async function placeOf(ctx: MlflowCtx, text: string, forWrite = false): Promise<Found> {
  const place = artifactPlace(text);
  if (typeof place === "string") return refuse(`Invalid path: ${place}`);
  if (!place) throw noFile(text);
  if (place.kind === "run") {
    const run = await (forWrite ? activeRunOf : runOf)(ctx, { run_id: place.id });
    return { owner: { kind: "run", id: run.id }, place };
  }
  const model = await findLoggedModel(ctx.db, ctx.project.id, place.id);
  if (!model || !(await isOwn(ctx, model.sourceRunId))) throw noFile(text);
  return { owner: { kind: "model", id: model.id }, place };
}

const wireOf = (path: string, { isFolder, bytes }: TreeEntry) => ({ path, is_dir: isFolder, ...(isFolder ? {} : { file_size: bytes }) });

/** Names relative to the folder, as this route's clients want them. */
async function list(c: Context, ctx: MlflowCtx): Promise<Response> {
  const text = c.req.query("path") ?? "";
  const found = await placeOf(ctx, text);
  const entries = await listFolder(ctx.db, found.owner, found.place.path, { limit: MAX_LISTED });
  return c.json({ files: entries.map((entry) => wireOf(entry.path.split("/").at(-1)!, entry)) });
}

async function get(c: Context, ctx: MlflowCtx, text: string): Promise<Response> {
  const { owner, place } = await placeOf(ctx, text);
  const file = await findFile(ctx.db, ctx.orgId, owner, place.path);
  if (!file) throw noFile(place.path || text);
  return sendFile(c.req.raw, file, { asFile: true, isPinned: false });
}

async function put(c: Context, ctx: MlflowCtx, text: string): Promise<Response> {
  const { owner, place } = await placeOf(ctx, text, true);
  if (place.path === "") return refuse("Invalid path: it names no file.");
  const tooLarge = Number(c.req.header("content-length") ?? 0) > MAX_FILE_BYTES;
  if (tooLarge) throw new MlflowError("REQUEST_TOO_LARGE", `A file may have at most ${MAX_FILE_BYTES} bytes.`);
  const { body } = c.req.raw;
  const bytes = body ? Readable.fromWeb(body as NodeReadableStream<Uint8Array>) : [];
  await putClientFile(ctx.db, objectStore(), { orgId: ctx.orgId, owner, path: place.path }, bytes, { maxBytes: MAX_FILE_BYTES });
  return c.json({});
}

async function remove(ctx: MlflowCtx, text: string): Promise<Response> {
  const { owner, place } = await placeOf(ctx, text, true);
  await deleteClientFiles(ctx.db, ctx.orgId, owner, place.path);
  return Response.json({}, { headers: NOT_KEPT });
}

/** Clients then read the file whole, from us: whoever has a token need not reach the store. */
async function refusePresigned(): Promise<Response> {
  throw new MlflowError("NOT_IMPLEMENTED", "Presigned downloads are not supported: files are read through this server.");
}

/** The files of a run, for `artifacts/list`: whole paths, page by page. */
export async function listArtifacts(ctx: MlflowCtx, owner: FileOwner, folder: string, pageToken: string | undefined) {
  const problem = folder === "" ? null : pathProblem(folder.replace(/\/+$/, ""));
  if (problem) refuse(`Invalid path: ${problem}`);
  const after = pageToken ? Buffer.from(pageToken, "base64url").toString("utf8") : undefined;
  const entries = await listFolder(ctx.db, owner, folder.replace(/\/+$/, ""), { limit: LIST_PAGE + 1, ...(after === undefined ? {} : { after }) });
  const shown = entries.slice(0, LIST_PAGE);
  const nextPageToken = entries.length > LIST_PAGE ? Buffer.from(shown.at(-1)!.path.split("/").at(-1)!).toString("base64url") : undefined;
  return { files: shown.map((entry) => wireOf(entry.path, entry)), ...(nextPageToken ? { next_page_token: nextPageToken } : {}) };
}
const LIST_PAGE = 1000;
