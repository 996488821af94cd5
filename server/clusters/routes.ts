import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Hono } from "hono";
import { DomainError } from "../../domain/shared/errors.ts";
import { open } from "../access/guard.ts";

const BUNDLE = join(process.cwd(), "dist", "agent.mjs");

/** The agent as one file, for machines that only have Node. */
export function mountClusterRoutes(app: Hono): void {
  app.get("/api/agent/install/agent.mjs", open("the agent's program, the same for everybody; it holds no secret"), async () => {
    const found = await stat(BUNDLE).catch(() => null);
    if (!found) throw new DomainError("unavailable", "The agent's bundle is not built on this server: run ./drover build there.");
    const body = Readable.toWeb(createReadStream(BUNDLE)) as ReadableStream<Uint8Array>;
    return new Response(body, { headers: { "content-type": "text/javascript; charset=utf-8", "content-length": String(found.size), "cache-control": "no-cache" } });
  });
}
