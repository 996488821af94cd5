import { Readable } from "node:stream";
import { constants, createGzip, gzip, gzipSync } from "node:zlib";
import type { MiddlewareHandler } from "hono";

/** Below this, gzip costs more than it saves. Bytes. */
const WORTH_IT = 1024;
/** A twentieth more bytes than at 4, in two thirds of the time. */
const LEVEL = 2;
/** Up to here an answer is packed (in a millisecond at most) sooner than a thread takes it over and gives it back. Bytes. */
const AT_ONCE = 256 * 1024;

type Reader = ReadableStreamDefaultReader<Uint8Array>;
type Read = Awaited<ReturnType<Reader["read"]>>;

/**
 * Gzip for answers of JSON. One that is there as a whole is packed in one go, which takes a quarter of the time that streams need
 * for it. Of others each chunk is flushed: a batch answers call by call, and the quick ones must not wait for the slow one. (Hono's
 * own leaves chunked answers alone, and a browser's are all chunked.)
 */
export function compressJson(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    if (!/\bgzip\b/.test(c.req.header("accept-encoding") ?? "")) return; // before anything looks into the answer: untouched it goes out in one piece
    const { headers, status } = c.res;
    const length = headers.get("content-length");
    const isJson = headers.get("content-type")?.startsWith("application/json") ?? false;
    if (!isJson || headers.has("content-encoding") || (length && Number(length) < WORTH_IT) || !c.res.body) return;
    const changed = new Headers(headers);
    changed.set("content-encoding", "gzip");
    changed.append("vary", "accept-encoding");
    changed.delete("content-length");
    const packed = new Response(await pack(c.res.body as ReadableStream<Uint8Array>), { status, headers: changed });
    c.res = undefined; // else Hono merges the old headers back in
    c.res = packed;
  };
}

async function pack(body: ReadableStream<Uint8Array>): Promise<BodyInit> {
  const reader = body.getReader();
  const first = await reader.read();
  const second = reader.read();
  const isWhole = first.done || (await Promise.race([second.then(({ done }) => done, () => false), new Promise<false>((resolve) => setImmediate(resolve, false))]));
  if (isWhole) return packWhole(first.value ?? new Uint8Array());
  const plain = Readable.from(chunks(reader, first, second));
  const packing = createGzip({ level: LEVEL, flush: constants.Z_SYNC_FLUSH });
  plain.on("error", (error) => packing.destroy(error));
  packing.on("close", () => void reader.cancel().catch(() => {})); // the caller went away: stop producing
  return Readable.toWeb(plain.pipe(packing)) as ReadableStream;
}

/** With room for all of it: zlib would come back for every 16 KiB. What is long is packed off the event loop. */
function packWhole(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> {
  const options = { level: LEVEL, chunkSize: Math.max(WORTH_IT, bytes.length) };
  if (bytes.length <= AT_ONCE) return gzipSync(bytes, options);
  return new Promise((resolve, reject) => void gzip(bytes, options, (error, packed) => (error ? reject(error) : resolve(packed))));
}

async function* chunks(reader: Reader, ...begun: (Read | Promise<Read>)[]): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await (begun.shift() ?? reader.read());
    if (done) return;
    yield value;
  }
}
