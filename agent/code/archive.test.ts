import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { Header, type HeaderData } from "tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../drivers/contract.ts";
import { stateFolder } from "../state.ts";
import { fetchArchive, trimCache, unpack } from "./archive.ts";

interface Entry extends HeaderData {
  text?: string;
}

/** A .tar.gz with exactly these entries, also such as no tar program writes. */
function tarOf(entries: Entry[]): Buffer {
  const blocks: Buffer[] = [];
  for (const { text = "", ...data } of entries) {
    const header = new Header({ mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), size: Buffer.byteLength(text), ...data });
    header.encode();
    blocks.push(header.block as Buffer, Buffer.from(text), Buffer.alloc((512 - (Buffer.byteLength(text) % 512)) % 512));
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

describe("a code archive", () => {
  let root: string;
  let work: string;
  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), "drover-archive-"));
    work = path.join(root, "work");
    await mkdir(work);
  });
  afterEach(() => rm(root, { recursive: true }));

  async function unpacked(bytes: Buffer, most = 1e9): Promise<void> {
    await writeFile(path.join(root, "a.tar.gz"), bytes);
    await unpack(path.join(root, "a.tar.gz"), work, most);
  }

  it("is unpacked with its folders, and links that stay inside", async () => {
    await unpacked(tarOf([{ path: "src/", type: "Directory", mode: 0o755 }, { path: "src/main.py", type: "File", text: "print(1)" }, { path: "link.py", type: "SymbolicLink", linkpath: "src/main.py" }]));
    expect(await readFile(path.join(work, "link.py"), "utf8")).toBe("print(1)");
  });

  it.each<{ says: string; entry: Entry }>([
    { says: "a name that climbs out", entry: { path: "../evil", type: "File", text: "x" } },
    { says: "a name that climbs out later on", entry: { path: "a/../../evil", type: "File", text: "x" } },
    { says: "an absolute name", entry: { path: "/tmp/evil", type: "File", text: "x" } },
    { says: "a link to an absolute path", entry: { path: "evil", type: "SymbolicLink", linkpath: "/etc/passwd" } },
    { says: "a link that climbs out", entry: { path: "a/evil", type: "SymbolicLink", linkpath: "../../etc" } },
    { says: "a hard link out", entry: { path: "evil", type: "Link", linkpath: "../secret" } },
    { says: "a device", entry: { path: "evil", type: "CharacterDevice" } },
    { says: "a pipe", entry: { path: "evil", type: "FIFO" } },
  ])("with $says is refused, named, and nothing of it is written", async ({ entry }) => {
    await expect(unpacked(tarOf([{ path: "fine", type: "File", text: "x" }, entry]))).rejects.toThrow(`"${entry.path}"`);
    expect(await readdir(work)).toEqual([]);
    expect((await readdir(root)).toSorted()).toEqual(["a.tar.gz", "work"]);
  });

  it("cannot write through a link that it made itself", async () => {
    const bytes = tarOf([{ path: "d", type: "SymbolicLink", linkpath: "." }, { path: "d/x", type: "File", text: "x" }, { path: "e", type: "SymbolicLink", linkpath: "d/../.." }]);
    await expect(unpacked(bytes)).rejects.toThrow("archive");
    expect((await readdir(root)).toSorted()).toEqual(["a.tar.gz", "work"]);
  });

  it("of an absurd size is refused before it fills the disk", async () => {
    await expect(unpacked(tarOf([{ path: "big", type: "File", text: "x".repeat(5000) }]), 4000)).rejects.toThrow('"big" takes it over 4000 bytes');
    expect(await readdir(work)).toEqual([]);
  });

  it("that is torn or none at all is refused", async () => {
    const whole = tarOf([{ path: "a", type: "File", text: "x".repeat(100_000) }]);
    await expect(unpacked(whole.subarray(0, whole.length - 40))).rejects.toThrow("archive");
    await expect(unpacked(Buffer.from("hello"))).rejects.toThrow("archive");
  });
});

describe("the cache of archives", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "drover-cache-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("drops what was used longest ago", async () => {
    for (const [at, name] of ["old", "middle", "new"].entries()) {
      await writeFile(path.join(folder, name), "x".repeat(100));
      await utimes(path.join(folder, name), at + 1, at + 1);
    }
    await trimCache(folder, 250);
    expect((await readdir(folder)).toSorted()).toEqual(["middle", "new"]);
  });

  it("that has no room takes nothing from an attempt that is about to start", async () => {
    const state = stateFolder(folder);
    await mkdir(state.cache);
    const [first, second] = ["first", "second"].map((text) => tarOf([{ path: "train.py", type: "File", text }])) as [Buffer, Buffer];
    const sums = [first, second].map((bytes) => createHash("sha256").update(bytes).digest("hex"));
    let go = () => {};
    const isOver = new Promise<void>((resolve) => (go = resolve));
    const slow = async function* () {
      yield second.subarray(0, 50);
      await isOver;
      yield second.subarray(50);
    };
    const client = { send: async ({ path: asked }: { path: string }) => new Response((asked.endsWith(sums[0]!) ? first : Readable.toWeb(Readable.from(slow()))) as BodyInit) };
    const start = async (name: string, sha256: string) => {
      await mkdir(path.join(folder, name));
      await fetchArchive({ state, client }, sha256, path.join(folder, name), new AbortController().signal, 0);
      return readFile(path.join(folder, name, "train.py"), "utf8");
    };
    const coming = start("second", sums[1]!);
    await until("half of it", async () => (await readdir(state.cache)).length === 1);
    expect(await start("first", sums[0]!)).toBe("first");
    go();
    expect(await coming).toBe("second");
    expect(await readdir(state.cache)).toEqual([]);
  });
});
