import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import type { Hono } from "hono";
import { DomainError } from "../../domain/shared/errors.ts";
import { open } from "../access/guard.ts";

/** The agent as one file, made by `./drover build`. */
const AGENT_FILE = resolve("dist/agent.mjs");

/** Where the enrolment command downloads the agent from. */
export function mountClusterRoutes(app: Hono): void {
  app.get("/api/agent/install/agent.mjs", open("the agent's program: the same for everybody, with no secret in it"), async (c) => {
    const file = await stat(AGENT_FILE).catch(() => null);
    if (!file) throw new DomainError("unavailable", "The agent's program is not built on this server. Run ./drover build there.");
    return c.body(Readable.toWeb(createReadStream(AGENT_FILE)) as ReadableStream, 200, { "content-type": "text/javascript; charset=utf-8", "content-length": String(file.size), "cache-control": "no-cache" });
  });
}
