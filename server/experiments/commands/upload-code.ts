import { Parser, type ReadEntry } from "tar";
import { MAX_CODE_BYTES } from "../../../domain/experiments/run-spec.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import { objectStore } from "../object-store.ts";
import { findStored } from "../queries/artifacts.ts";
import { storeObject, touchObject } from "./objects.ts";

/** What an archive may grow to: a small upload must not fill a cluster's disk. */
const MAX_UNPACKED_BYTES = 16 * 1024 * 1024 * 1024;
const MAX_ENTRIES = 500_000;
const GZIP = [0x1f, 0x8b];

/**
 * Keep a code archive under its SHA-256, once. It is checked while it streams in, so nothing of a bad one is kept.
 * @throws DomainError "invalid" naming the entry, "too_large".
 */
export async function uploadCode(ctx: Ctx, sha256: string, body: AsyncIterable<Uint8Array>): Promise<{ sha256: string; bytes: number; isNew: boolean }> {
  const known = await findStored(ctx.db, objectStore(), ctx.orgId, sha256);
  if (known && (await touchObject(ctx.db, ctx.orgId, sha256))) return { sha256, bytes: known.bytes, isNew: false };
  return storeObject(ctx.db, objectStore(), { orgId: ctx.orgId, kind: "code" }, checkedArchive(body), { sha256, maxBytes: MAX_CODE_BYTES });
}

const bad = (message: string) => new DomainError("invalid", message, { issues: [{ field: "body", message }] });

/** Passes the bytes on and reads along: throws at the first entry that could leave the folder it is unpacked into. */
export async function* checkedArchive(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const archive = new ArchiveReader();
  for await (const chunk of body) {
    await archive.read(chunk);
    yield chunk;
  }
  await archive.end();
}

class ArchiveReader {
  private readonly parser = new Parser({ strict: true, onReadEntry: (entry: ReadEntry) => this.check(entry) });
  private readonly done: Promise<void>;
  private failure: DomainError | null = null;
  private readonly head: number[] = [];
  private readonly links = new Set<string>();
  private entries = 0;
  private unpacked = 0;

  constructor() {
    this.done = new Promise((resolve) => {
      this.parser.on("end", resolve);
      this.parser.on("error", (error: Error) => {
        this.failure ??= bad(`Not a valid tar.gz archive: ${error.message}`);
        resolve();
      });
    });
  }

  async read(chunk: Uint8Array): Promise<void> {
    if (this.head.length < 2) {
      this.head.push(...chunk.subarray(0, 2 - this.head.length));
      if (this.head.some((byte, at) => byte !== GZIP[at])) throw bad("Not a gzip file: expected a tar.gz archive.");
    }
    const flowing = this.parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (!flowing && !this.failure) await Promise.race([new Promise((resolve) => this.parser.once("drain", resolve)), this.done]);
    if (this.failure) throw this.failure;
  }

  async end(): Promise<void> {
    if (this.head.length < 2) throw bad("The archive is empty.");
    this.parser.end();
    await this.done;
    if (this.failure) throw this.failure;
  }

  private check(entry: ReadEntry): void {
    this.entries += 1;
    this.unpacked += entry.size;
    this.failure ??= refusalOf(entry, this.links);
    if (entry.type === "SymbolicLink") this.links.add(plainPath(entry.path));
    if (this.entries > MAX_ENTRIES) this.failure ??= bad(`The archive has more than ${MAX_ENTRIES} entries.`);
    if (this.unpacked > MAX_UNPACKED_BYTES) this.failure ??= bad(`The archive unpacks to more than ${MAX_UNPACKED_BYTES} bytes.`);
    entry.resume();
  }
}

const TYPES = new Set(["File", "OldFile", "ContiguousFile", "Directory", "SymbolicLink", "Link"]);

function refusalOf(entry: ReadEntry, links: ReadonlySet<string>): DomainError | null {
  const { path, type } = entry;
  const target = entry.linkpath ?? "";
  if (!TYPES.has(type)) return bad(`The entry ${path} is a ${type}; only files, folders and links are taken.`);
  if (leaves(path, 0)) return bad(`The entry ${path} would be written outside the folder.`);
  const parts = plainPath(path).split("/");
  const link = linkAmong(parts.slice(0, -1), links);
  if (link !== undefined) return bad(`The entry ${path} goes through the link ${link}.`);
  // A hard link to a link is that link at another place, from where it leads elsewhere.
  const behind = type === "Link" ? linkAmong(plainPath(target).split("/"), links) : undefined;
  if (behind !== undefined) return bad(`The hard link ${path} goes through the link ${behind}.`);
  if (type === "SymbolicLink" && leaves(target, parts.length - 1)) return bad(`The link ${path} points outside the folder, to ${target}.`);
  if (type === "Link" && leaves(target, 0)) return bad(`The link ${path} points outside the folder, to ${target}.`);
  return null;
}

/** The first folder on the way, or the place itself, that is a link. */
const linkAmong = (parts: readonly string[], links: ReadonlySet<string>): string | undefined => parts.map((_, at) => parts.slice(0, at + 1).join("/")).find((place) => links.has(place));

const plainPath = (path: string) => path.split("/").filter((part) => part !== "" && part !== ".").join("/");

/**
 * Whether a path may lead out of the folder. `..` is taken only at its start, and only `depth` times: behind a name it could
 * climb out of wherever a link leads to, which no reading of the path alone can tell.
 */
function leaves(path: string, depth: number): boolean {
  if (/^[/\\]|^[A-Za-z]:[/\\]/.test(path) || path.includes("\0")) return true;
  const parts = path.split(/[\\/]/).filter((part) => part !== "" && part !== ".");
  const ups = parts.findIndex((part) => part !== "..");
  return parts.lastIndexOf("..") >= (ups < 0 ? depth : Math.min(ups, depth));
}
