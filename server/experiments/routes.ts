import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import type { Context, Hono } from "hono";
import { z } from "zod";
import { MAX_CODE_BYTES } from "../../domain/experiments/run-spec.ts";
import { ArtifactId, AttemptId, Sha256 } from "../../domain/shared/ids.ts";
import { DomainError, notFound } from "../../domain/shared/errors.ts";
import { guard, type GuardedEnv } from "../access/guard.ts";
import { uploadCode } from "./commands/upload-code.ts";
import { objectStore } from "./object-store.ts";
import { getArtifact } from "./queries/artifacts.ts";
import { logBytes } from "./queries/log-stream.ts";
import { getVisibleAttempt } from "./queries/visible.ts";

type C = Context<GuardedEnv>;

/** What does not fit tRPC: bytes in and out, streamed. */
export function mountExperimentRoutes(app: Hono): void {
  app.put("/api/code/:sha256", guard("runs:submit"), putCode);
  app.get("/api/artifacts/:id", guard("runs:read"), sendArtifact);
  app.get("/api/attempts/:id/log", guard("runs:read"), sendLog);
}

async function putCode(c: C) {
  const sha256 = Sha256.safeParse(c.req.param("sha256"));
  if (!sha256.success) throw new DomainError("invalid", "Expected /api/code/<SHA-256 in lower-case hex>.", { issues: [{ field: "sha256", message: "Expected a SHA-256 in lower-case hex." }] });
  if (Number(c.req.header("content-length") ?? 0) > MAX_CODE_BYTES) throw new DomainError("too_large", `A code archive may have at most ${MAX_CODE_BYTES} bytes.`);
  const { body } = c.req.raw;
  if (!body) throw new DomainError("invalid", "The body must be a tar.gz archive.", { issues: [{ field: "body", message: "Required." }] });
  const { isNew, ...stored } = await uploadCode(c.get("ctx"), sha256.data, Readable.fromWeb(body as NodeReadableStream<Uint8Array>));
  return c.json(stored, isNew ? 201 : 200);
}

/** Types that a browser may show in place; everything else is saved as a file. HTML and SVG are shown without scripts. */
const SHOWN = /^(?:image\/(?:png|jpeg|gif|webp|svg\+xml)|text\/(?:plain|csv|html|markdown)|application\/json|video\/mp4)(?:;|$)/;
/** A preview runs nothing, loads nothing and has no origin. */
const SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'";

async function sendArtifact(c: C) {
  const { db, grant } = c.get("ctx");
  const id = ArtifactId.safeParse(c.req.param("id"));
  if (!id.success) throw notFound();
  const artifact = await getArtifact(db, grant, id.data);
  const asFile = c.req.query("download") !== undefined || !SHOWN.test(artifact.contentType);
  const headers = {
    "content-type": asFile ? "application/octet-stream" : artifact.contentType,
    "content-disposition": disposition(asFile ? "attachment" : "inline", artifact.path.split("/").at(-1)!),
    "content-security-policy": SANDBOX,
    "x-content-type-options": "nosniff",
    "cache-control": "private, max-age=31536000, immutable",
    etag: `"${artifact.sha256}"`,
    "accept-ranges": "bytes",
  };
  if (c.req.header("if-none-match") === headers.etag) return c.body(null, 304, headers);
  if ((await objectStore().has(artifact)) === null) throw new DomainError("unavailable", "The object store does not have these bytes now.", { context: { sha256: artifact.sha256 } });
  const range = rangeOf(c.req.header("range"), artifact.bytes);
  if (range === "unsatisfiable") return c.body(null, 416, { ...headers, "content-range": `bytes */${artifact.bytes}` });
  if (artifact.bytes === 0) return c.body(null, 200, { ...headers, "content-length": "0" });
  const body = webStream(objectStore().get(artifact, range ?? undefined));
  if (!range) return c.body(body, 200, { ...headers, "content-length": String(artifact.bytes) });
  return c.body(body, 206, { ...headers, "content-length": String(range.end - range.start + 1), "content-range": `bytes ${range.start}-${range.end}/${artifact.bytes}` });
}

/** One range of bytes, both ends inclusive; null when none (or several) are asked for and the whole is sent. */
export function rangeOf(header: string | undefined, size: number): { start: number; end: number } | "unsatisfiable" | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return null;
  const start = match[1] === "" ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === "" || match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start > end || start >= size ? "unsatisfiable" : { start, end };
}

const LogQuery = z.object({ stream: z.enum(["stdout", "stderr"]).optional() });

async function sendLog(c: C) {
  const { db, grant } = c.get("ctx");
  const id = AttemptId.safeParse(c.req.param("id"));
  if (!id.success) throw notFound();
  const query = LogQuery.safeParse(c.req.query());
  if (!query.success) throw new DomainError("invalid", "stream: Expected stdout or stderr.", { issues: [{ field: "stream", message: "Expected stdout or stderr." }] });
  const attempt = await getVisibleAttempt(db, grant, id.data);
  const { stream } = query.data;
  return c.body(webStream(Readable.from(logBytes(db, attempt, stream))), 200, {
    "content-type": "text/plain; charset=utf-8",
    "content-disposition": disposition("attachment", `${attempt.runName}-${attempt.number}${stream ? `-${stream}` : ""}.log`),
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-store",
  });
}

const webStream = (stream: Readable) => Readable.toWeb(stream) as ReadableStream<Uint8Array>;

/** RFC 6266: a plain name for old readers beside the true one. */
function disposition(kind: "attachment" | "inline", name: string): string {
  const plain = name.replace(/[^\w.-]+/g, "_");
  return `${kind}; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)}`;
}
