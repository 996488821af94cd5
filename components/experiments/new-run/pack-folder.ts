import { sha256 } from "@noble/hashes/sha2.js";
import { MAX_CODE_BYTES } from "../../../domain/experiments/run-spec.ts";
import { formatBytes, plural } from "../../../domain/shared/format.ts";
import { IGNORE_FILES, keptPaths } from "./ignore-rules.ts";
import { ARCHIVE_END, entryHead, entryTail } from "./tar-stream.ts";

export interface PackedCode {
  blob: Blob;
  sha256: string;
  bytes: number;
  /** Files in it; null where an archive was given as it is. */
  files: number | null;
  /** What it was called: the folder's or the archive's name. */
  name: string;
}

/** Uncompressed: beyond this a folder is surely not only code. */
const MAX_FOLDER_BYTES = 2 * 1024 * 1024 * 1024;
const GZIP = [0x1f, 0x8b];
const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * A chosen folder as tar.gz, streamed file by file, without what .gitignore and .droverignore name.
 * @param onProgress Share of the files' bytes packed, 0 to 1.
 * @throws Error in words for people: nothing left, or too large.
 */
export async function packFolder(files: readonly File[], onProgress: (share: number) => void, signal: AbortSignal): Promise<PackedCode> {
  const root = (files[0]?.webkitRelativePath ?? "").split("/")[0] ?? "";
  const byPath = new Map(files.map((file) => [file.webkitRelativePath.slice(root.length + 1) || file.name, file]));
  const texts = new Map<string, string>();
  for (const [path, file] of byPath) if (IGNORE_FILES.includes(file.name)) texts.set(path, await file.text());
  const chosen = keptPaths([...byPath.keys()], texts).map((path) => ({ path, file: byPath.get(path)! }));
  const total = chosen.reduce((sum, { file }) => sum + file.size, 0);
  if (chosen.length === 0) throw new Error(`${root} has no files, or all of them are ignored.`);
  if (total > MAX_FOLDER_BYTES) throw tooLarge(root, total, chosen);
  const blob = await collect(tarOf(chosen, total, onProgress, signal).pipeThrough(new CompressionStream("gzip")));
  if (blob.bytes > MAX_CODE_BYTES) throw tooLarge(root, blob.bytes, chosen);
  return { ...blob, files: chosen.length, name: root };
}

function tooLarge(root: string, bytes: number, chosen: { path: string; file: File }[]): Error {
  const biggest = chosen.toSorted((a, b) => b.file.size - a.file.size).slice(0, 3).map(({ path, file }) => `${path} (${formatBytes(file.size)})`);
  return new Error(`${root} is too large: ${formatBytes(bytes)}; a code archive may have ${formatBytes(MAX_CODE_BYTES)}. Largest: ${biggest.join(", ")}. Name what the run does not need in .droverignore and keep data on the cluster.`);
}

function tarOf(chosen: { path: string; file: File }[], total: number, onProgress: (share: number) => void, signal: AbortSignal): ReadableStream<BufferSource> {
  let packed = 0;
  async function* parts(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (const { path, file } of chosen) {
      signal.throwIfAborted();
      const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
      const isScript = start[0] === 0x23 && start[1] === 0x21; // browsers do not tell the executable bit; #! does
      for (const head of entryHead({ path, bytes: file.size, executable: isScript })) yield new Uint8Array(head);
      for await (const chunk of chunksOf(file)) {
        packed += chunk.length;
        yield chunk;
      }
      onProgress(total === 0 ? 1 : packed / total);
      yield new Uint8Array(entryTail(file.size));
    }
    yield ARCHIVE_END;
  }
  const source = parts();
  return new ReadableStream<BufferSource>({
    pull: async (controller) => {
      const { done, value } = await source.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

async function* chunksOf(file: Blob): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < file.size; at += 4 * 1024 * 1024) yield new Uint8Array(await file.slice(at, at + 4 * 1024 * 1024).arrayBuffer());
}

/** Hashes along, so that an archive is read once. Works on plain http too, where crypto.subtle is missing. */
async function collect(stream: ReadableStream<Uint8Array>): Promise<{ blob: Blob; sha256: string; bytes: number }> {
  const hash = sha256.create();
  const parts: BlobPart[] = [];
  let bytes = 0;
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    hash.update(next.value);
    parts.push(next.value as Uint8Array<ArrayBuffer>);
    bytes += next.value.length;
    if (bytes > MAX_CODE_BYTES) break;
  }
  return { blob: new Blob(parts, { type: "application/gzip" }), sha256: hex(hash.digest()), bytes };
}

/** A tar.gz as it was given. @throws Error in words for people. */
export async function takeArchive(file: File): Promise<PackedCode> {
  if (file.size > MAX_CODE_BYTES) throw new Error(`${file.name} has ${formatBytes(file.size)}; a code archive may have ${formatBytes(MAX_CODE_BYTES)}.`);
  const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (GZIP.some((byte, at) => start[at] !== byte)) throw new Error(`${file.name} is not a gzip file: choose a .tar.gz archive.`);
  const { sha256: digest, bytes } = await collect(file.stream());
  return { blob: file, sha256: digest, bytes, files: null, name: file.name };
}

/** "Uploaded: app, 12 files, 34 KiB". */
export const packedWords = ({ name, files, bytes }: PackedCode): string => `${name}${files === null ? "" : `, ${plural(files, "file")}`}, ${formatBytes(bytes)}`;
