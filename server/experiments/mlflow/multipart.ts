import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import type { Context, Hono } from "hono";
import { z } from "zod";
import { MAX_FILE_BYTES } from "../../../domain/experiments/mlflow-artifact-path.ts";
import { env } from "../../../env.ts";
import { declareAccess } from "../../access/guard.ts";
import { abortUpload, beginUpload, completeUpload, takeUploadPart, type UploadPlace } from "../commands/client-uploads.ts";
import { NOT_KEPT } from "../../not-kept.ts";
import { objectStore } from "../object-store.ts";
import { answer, ARTIFACT_ROOT, pathAfter, placeOf } from "./artifact-proxy.ts";
import type { MlflowCtx } from "./caller.ts";
import { MlflowError, refuse } from "./errors.ts";
import { bodyOf, MLFLOW_ROOT } from "./mount.ts";
import { parseJson, Text } from "./wire.ts";

const WRITE = "runs:log";

const Begin = z.object({ path: Text, num_parts: z.int() });
const Complete = z.object({ path: Text, upload_id: Text, parts: z.array(z.object({ part_number: z.int(), etag: Text })) });
const Abort = z.object({ path: Text, upload_id: Text });

/**
 * MLflow's multipart upload: large files in parts, several at a time, each of which may be sent again by itself. Parts come to
 * us like whole files, with the client's own token: nothing is signed, and no store needs to be reachable by clients.
 */
export function mountMultipart(app: Hono): void {
  for (const api of ["api", "ajax-api"]) {
    const base = `${MLFLOW_ROOT}/${api}/${ARTIFACT_ROOT}/mpu`;
    const mark = (act: string) => `${api}/${ARTIFACT_ROOT}/mpu/${act}/`;
    const on = (act: string, schema: z.ZodType, handle: (c: Context, ctx: MlflowCtx, place: UploadPlace, input: never) => Promise<Response>) =>
      app.post(`${base}/${act}/*`, declareAccess(WRITE), answer(WRITE, async (c, ctx) => {
        const input = schema.parse(parseJson(new TextDecoder().decode(await bodyOf(c.req.raw)))) as { path: string };
        return handle(c, ctx, await fileOf(ctx, pathAfter(c, mark(act)), input.path), input as never);
      }));
    on("create", Begin, (c, ctx, place, input: z.output<typeof Begin>) => begin(c, ctx, place, `${MLFLOW_ROOT.replace(":project", ctx.project.slug)}/${mark("part")}`, { folder: pathAfter(c, mark("create")), parts: input.num_parts }));
    on("complete", Complete, complete);
    on("abort", Abort, async (_c, ctx, place, { upload_id }: z.output<typeof Abort>) => {
      await abortUpload(ctx.db, objectStore(), place, upload_id);
      return Response.json({}, { headers: NOT_KEPT });
    });
    app.put(`${base}/part/:upload/:number/*`, declareAccess(WRITE), answer(WRITE, (c, ctx) => takePart(c, ctx, mark(`part/${c.req.param("upload")}/${c.req.param("number")}`))));
  }
}

/** Clients say the folder in the URL, and the file by its path on their own disk. */
const fileNameOf = (path: string): string => path.split(/^[A-Za-z]:\\/.test(path) ? "\\" : "/").at(-1)!;

async function fileOf(ctx: MlflowCtx, folder: string, localPath: string): Promise<UploadPlace> {
  const name = fileNameOf(localPath);
  return placeOfFile(ctx, name === "" ? refuse("Invalid value for parameter 'path': it names no file.") : `${folder}/${name}`);
}

async function placeOfFile(ctx: MlflowCtx, path: string): Promise<UploadPlace> {
  const { owner, place } = await placeOf(ctx, path, true);
  if (place.path === "") return refuse("Invalid path: it names no file.");
  return { orgId: ctx.orgId, owner, path: place.path };
}

async function begin(c: Context, ctx: MlflowCtx, place: UploadPlace, base: string, { folder, parts }: { folder: string; parts: number }): Promise<Response> {
  const id = await beginUpload(ctx.db, place, parts);
  const file = `${folder}/${place.path.split("/").at(-1)!}`.split("/").map(encodeURIComponent).join("/");
  const headers = { Authorization: c.req.header("authorization") };
  const credentials = Array.from({ length: parts }, (_, at) => ({ url: `${originOf(c)}${base}${id}/${at + 1}/${file}`, part_number: at + 1, headers }));
  return c.json({ upload_id: id, credentials });
}

/** Where this client reached us: it has to find us there again. */
function originOf(c: Context): string {
  const { host, protocol } = new URL(c.req.url);
  const ours = new URL(env().DROVER_URL);
  const forwarded = c.req.header("x-forwarded-proto")?.split(",")[0]?.trim();
  const isSecure = forwarded === "https" || (host === ours.host && ours.protocol === "https:") || protocol === "https:";
  return `${isSecure ? "https" : "http"}://${host}`;
}

async function takePart(c: Context, ctx: MlflowCtx, mark: string): Promise<Response> {
  const place = await placeOfFile(ctx, pathAfter(c, mark));
  if (Number(c.req.header("content-length") ?? 0) > MAX_FILE_BYTES) throw new MlflowError("REQUEST_TOO_LARGE", `A file may have at most ${MAX_FILE_BYTES} bytes.`);
  const { body } = c.req.raw;
  const bytes = body ? Readable.fromWeb(body as NodeReadableStream<Uint8Array>) : [];
  const sha256 = await takeUploadPart(ctx.db, objectStore(), place, { id: c.req.param("upload")!, number: Number(c.req.param("number")) }, bytes);
  return c.json({}, 200, { etag: `"${sha256}"` });
}

async function complete(_c: Context, ctx: MlflowCtx, place: UploadPlace, { upload_id, parts }: z.output<typeof Complete>): Promise<Response> {
  await completeUpload(ctx.db, objectStore(), place, upload_id, parts.map(({ part_number, etag }) => ({ number: part_number, sha256: etag.replace(/^(?:W\/)?"|"$/g, "") })));
  return Response.json({}, { headers: NOT_KEPT });
}
