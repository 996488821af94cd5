import { Readable } from "node:stream";
import { constants, createGzip } from "node:zlib";
import type { MiddlewareHandler } from "hono";

/** Below this, gzip costs more than it saves. Bytes. */
const WORTH_IT = 1024;

/**
 * Gzip for answers of JSON. Flushes with every chunk: a batch answers call by call, and the quick ones must not wait for the
 * slow one. (Hono's own leaves chunked answers alone, and a browser's are all chunked.)
 */
export function compressJson(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    if (!/\bgzip\b/.test(c.req.header("accept-encoding") ?? "")) return; // before anything looks into the answer: untouched it goes out in one piece
    const { body, headers } = c.res;
    const length = headers.get("content-length");
    const isJson = headers.get("content-type")?.startsWith("application/json") ?? false;
    if (!body || !isJson || headers.has("content-encoding") || (length && Number(length) < WORTH_IT)) return;
    const gzip = createGzip({ level: 4, flush: constants.Z_SYNC_FLUSH });
    const plain = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
    plain.on("error", (error) => gzip.destroy(error));
    gzip.on("close", () => plain.destroy()); // the caller went away: stop producing
    const packed = new Response(Readable.toWeb(plain.pipe(gzip)) as ReadableStream, c.res);
    packed.headers.set("content-encoding", "gzip");
    packed.headers.append("vary", "accept-encoding");
    packed.headers.delete("content-length");
    c.res = undefined; // else Hono merges the old headers back in
    c.res = packed;
  };
}
