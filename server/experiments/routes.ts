import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import type { Context, Hono } from "hono";
import { z } from "zod";
import { MAX_CODE_BYTES } from "../../domain/experiments/run-spec.ts";
import { ArtifactId, AttemptId, Sha256 } from "../../domain/shared/ids.ts";
import { DomainError, notFound } from "../../domain/shared/errors.ts";
import { guard, type GuardedEnv } from "../access/guard.ts";
import { parsed } from "../parsed.ts";
import { uploadCode } from "./commands/upload-code.ts";
import { getArtifact } from "./queries/artifacts.ts";
import { findHead } from "./queries/log-page.ts";
import { logBytes } from "./queries/log-stream.ts";
import { getVisibleAttempt } from "./queries/visible.ts";
import { disposition, sendFile, webStream } from "./send-file.ts";

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

async function sendArtifact(c: C) {
  const { db, grant } = c.get("ctx");
  const id = ArtifactId.safeParse(c.req.param("id"));
  if (!id.success) throw notFound();
  const file = await getArtifact(db, grant, id.data);
  // The id stays when a client logs the path again, with other bytes.
  return sendFile(c.req.raw, file, { asFile: c.req.query("download") !== undefined, isPinned: c.req.query("sha256") === file.sha256 });
}

const LogQuery = z.object({ stream: z.enum(["stdout", "stderr"], "Expected stdout or stderr.").optional() });

async function sendLog(c: C) {
  const { db, grant } = c.get("ctx");
  const id = AttemptId.safeParse(c.req.param("id"));
  if (!id.success) throw notFound();
  const { stream } = parsed("stream", LogQuery, c.req.query());
  const attempt = await getVisibleAttempt(db, grant, id.data);
  if ((await findHead(db, attempt.id)).removed) throw new DomainError("not_found", "A retention rule of the organization removed this log.");
  return c.body(webStream(Readable.from(logBytes(db, attempt, stream))), 200, {
    "content-type": "text/plain; charset=utf-8",
    "content-disposition": disposition("attachment", `${attempt.runName}-${attempt.number}${stream ? `-${stream}` : ""}.log`),
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-store",
  });
}
