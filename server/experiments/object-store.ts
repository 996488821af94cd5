import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { DomainError } from "../../domain/shared/errors.ts";
import { env } from "../../env.ts";
import { failpoint } from "../failpoint.ts";

/** Bytes by their SHA-256. Who may read them is decided by the `objects` table, per organization. */
export interface ObjectStore {
  /**
   * Durable once it resolves. A second put of the same bytes is harmless.
   * @param options.sha256 What the bytes must hash to. @param options.maxBytes Cut off beyond this.
   * @throws DomainError "invalid" when the hash differs, "too_large" beyond the cap; nothing is kept then.
   */
  put: (bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, options?: { sha256?: string; maxBytes?: number }) => Promise<{ sha256: string; bytes: number }>;
  /** `start` and `end` are byte positions, `end` inclusive. Fails while reading when there is no such object. */
  get: (sha256: string, range?: { start: number; end: number }) => Readable;
  /** Size in bytes; null when it is not here. */
  has: (sha256: string) => Promise<number | null>;
  /** Removes what uploads cut off more than `olderThanMs` ago left behind. */
  sweep: (olderThanMs: number) => Promise<number>;
}

/** A folder: `ab/abcdef…`, each file written beside and renamed into place. */
export function folderStore(root: string): ObjectStore {
  const place = (sha256: string) => join(root, sha256.slice(0, 2), sha256);
  const uploads = join(root, "uploads");
  return {
    put: async (bytes, options = {}) => {
      await mkdir(uploads, { recursive: true });
      const temporary = join(uploads, randomUUID());
      try {
        const written = await write(temporary, bytes, options.maxBytes ?? Infinity);
        if (options.sha256 && options.sha256 !== written.sha256) throw new DomainError("invalid", "The bytes do not have the SHA-256 that was announced.", { issues: [{ field: "sha256", message: `The bytes hash to ${written.sha256}.` }] });
        failpoint("server.objects.after-write");
        const target = place(written.sha256);
        await mkdir(dirname(target), { recursive: true });
        await rename(temporary, target);
        await syncFolder(dirname(target));
        failpoint("server.objects.after-rename");
        return written;
      } finally {
        await rm(temporary, { force: true });
      }
    },
    get: (sha256, range) => createReadStream(place(sha256), range),
    has: async (sha256) => {
      const found = await stat(place(sha256)).catch(() => null);
      return found ? found.size : null;
    },
    sweep: async (olderThanMs) => {
      const names = await readdir(uploads).catch(() => []);
      let removed = 0;
      for (const name of names) {
        const found = await stat(join(uploads, name)).catch(() => null);
        if (!found || Date.now() - found.mtimeMs < olderThanMs) continue;
        await rm(join(uploads, name), { force: true });
        removed += 1;
      }
      return removed;
    },
  };
}

async function write(path: string, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, maxBytes: number) {
  const file = await open(path, "wx");
  const hash = createHash("sha256");
  let size = 0;
  try {
    for await (const chunk of bytes) {
      size += chunk.byteLength;
      if (size > maxBytes) throw new DomainError("too_large", `The object is larger than ${maxBytes} bytes.`);
      hash.update(chunk);
      await file.writeFile(chunk); // writes on from where the last one ended
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sha256: hash.digest("hex"), bytes: size };
}

/** The rename itself must survive a power cut. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

let store: ObjectStore | undefined;

export function objectStore(): ObjectStore {
  store ??= folderStore(env().DROVER_OBJECTS);
  return store;
}
