import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { failpoint } from "../../failpoint.ts";
import type { Bytes, ObjectStore, PutOptions } from "../object-store.ts";
import { isKey, isUpload, keyOf, newKey, newUpload, UPLOADS } from "./keys.ts";
import { meter, verified } from "./verify.ts";

/** A folder; each file is written beside and renamed into place. */
export function folderStore(root: string): ObjectStore {
  const uploads = join(root, UPLOADS);
  return {
    put: async (orgId, bytes, options = {}) => {
      await mkdir(uploads, { recursive: true });
      const temporary = join(root, newUpload());
      try {
        const written = await write(temporary, bytes, options);
        failpoint("server.objects.after-write");
        const key = newKey(orgId, written.sha256);
        const target = join(root, key);
        await mkdir(dirname(target), { recursive: true });
        await rename(temporary, target);
        await syncFolder(dirname(target));
        failpoint("server.objects.after-rename");
        return { ...written, key };
      } finally {
        await rm(temporary, { force: true });
      }
    },
    get: (object, range) => {
      const source = createReadStream(join(root, keyOf(object)), range);
      return range ? source : Readable.from(verified(source, object.sha256), { objectMode: false });
    },
    has: async (object) => {
      const found = await stat(join(root, keyOf(object))).catch(() => null);
      return found ? found.size : null;
    },
    remove: (key) => rm(join(root, key), { force: true }),
    list: () => listFiles(root),
    sweep: async (olderThanMs) => {
      const names = await readdir(uploads).catch(() => []);
      let removed = 0;
      for (const name of names.filter((one) => isUpload(`${UPLOADS}/${one}`))) {
        const found = await stat(join(uploads, name)).catch(() => null);
        if (!found || Date.now() - found.mtimeMs < olderThanMs) continue;
        await rm(join(uploads, name), { force: true });
        removed += 1;
      }
      return removed;
    },
  };
}

async function* listFiles(root: string, under = ""): AsyncGenerator<{ key: string; at: Date }> {
  for (const entry of await readdir(join(root, under), { withFileTypes: true }).catch(() => [])) {
    const key = under ? `${under}/${entry.name}` : entry.name;
    if (entry.isDirectory()) yield* listFiles(root, key);
    else if (isKey(key)) {
      const found = await stat(join(root, key)).catch(() => null);
      if (found) yield { key, at: found.mtime };
    }
  }
}

async function write(path: string, bytes: Bytes, options: PutOptions) {
  const file = await open(path, "wx");
  const passed = meter(options);
  try {
    for await (const chunk of bytes) {
      passed.add(chunk);
      await file.writeFile(chunk); // writes on from where the last one ended
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return passed.end();
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
