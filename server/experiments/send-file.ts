import { Readable } from "node:stream";
import { DomainError } from "../../domain/shared/errors.ts";
import { type ObjectRef, objectStore } from "./object-store.ts";

/** Types that a browser may show in place; everything else is saved as a file. HTML and SVG are shown without scripts. */
const SHOWN = /^(?:image\/(?:png|jpeg|gif|webp|svg\+xml)|text\/(?:plain|csv|html|markdown)|application\/json|video\/mp4)(?:;|$)/;
/** A preview runs nothing, loads nothing and has no origin. */
const SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'";

export interface SentFile extends ObjectRef {
  path: string;
  bytes: number;
  contentType: string;
}

/** A stored file, whole or the one range that was asked for; the store streams it. @param how.asFile Always as a download. @param how.isPinned The URL names these very bytes: browsers may keep them. */
export async function sendFile(request: Request, file: SentFile, how: { asFile: boolean; isPinned: boolean }): Promise<Response> {
  const saved = how.asFile || !SHOWN.test(file.contentType);
  const headers = {
    "content-type": saved ? "application/octet-stream" : file.contentType,
    "content-disposition": disposition(saved ? "attachment" : "inline", file.path.split("/").at(-1)!),
    "content-security-policy": SANDBOX,
    "x-content-type-options": "nosniff",
    "cache-control": how.isPinned ? "private, max-age=31536000, immutable" : "private, no-cache",
    etag: `"${file.sha256}"`,
    "accept-ranges": "bytes",
  };
  if (request.headers.get("if-none-match") === headers.etag) return new Response(null, { status: 304, headers });
  const store = objectStore();
  if ((await store.has(file)) === null) throw new DomainError("unavailable", "The object store does not have these bytes now.", { context: { sha256: file.sha256 } });
  const begun = request.headers.get("if-range"); // a download that goes on where it broke off
  const range = begun === null || begun === headers.etag ? rangeOf(request.headers.get("range") ?? undefined, file.bytes) : null;
  if (range === "unsatisfiable") return new Response(null, { status: 416, headers: { ...headers, "content-range": `bytes */${file.bytes}` } });
  if (file.bytes === 0) return new Response(null, { status: 200, headers: { ...headers, "content-length": "0" } });
  const body = request.method === "HEAD" ? null : webStream(store.get(file, range ?? undefined)); // nobody would read it, nor close it
  if (!range) return new Response(body, { status: 200, headers: { ...headers, "content-length": String(file.bytes) } });
  return new Response(body, { status: 206, headers: { ...headers, "content-length": String(range.end - range.start + 1), "content-range": `bytes ${range.start}-${range.end}/${file.bytes}` } });
}

/** One range of bytes, both ends inclusive; null when none (or several) are asked for and the whole is sent. */
export function rangeOf(header: string | undefined, size: number): { start: number; end: number } | "unsatisfiable" | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return null;
  const start = match[1] === "" ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === "" || match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start > end || start >= size ? "unsatisfiable" : { start, end };
}

export const webStream = (stream: Readable) => Readable.toWeb(stream) as ReadableStream<Uint8Array>;

/** RFC 6266: a plain name for old readers beside the true one. */
export function disposition(kind: "attachment" | "inline", name: string): string {
  const plain = name.replace(/[^\w.-]+/g, "_");
  return `${kind}; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)}`;
}
