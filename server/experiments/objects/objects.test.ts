import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startS3Server } from "../../../scripts/test/s3-server.ts";
import type { ObjectStore } from "../object-store.ts";
import { folderStore } from "./folder.ts";
import { s3Store } from "./s3.ts";
import { s3Target } from "./target.ts";

const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const ORG = "org_01920000-0000-7000-8000-000000000000";
const MIB = 1024 * 1024;

interface Bench {
  store: ObjectStore;
  /** Begins an upload in parts there, as another program or a killed process would; null where there is no such thing. */
  begin: ((key: string) => Promise<void>) | null;
  /** Puts these bytes where the object lies, behind the store's back. */
  spoil: (key: string, bytes: Buffer) => Promise<void>;
  close: () => Promise<void>;
}

async function onDisk(): Promise<Bench> {
  const root = mkdtempSync(join(tmpdir(), "drover-objects-"));
  return {
    store: folderStore(root),
    begin: null,
    spoil: async (key, bytes) => {
      mkdirSync(dirname(join(root, key)), { recursive: true });
      writeFileSync(join(root, key), bytes);
    },
    close: async () => rmSync(root, { recursive: true, force: true }),
  };
}

async function onS3(): Promise<Bench> {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
  const server = await startS3Server();
  const authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
  return {
    store: s3Store(s3Target(`s3://${server.bucket}/some/prefix?endpoint=${server.endpoint}`)),
    begin: async (key) => {
      const begun = await fetch(`${server.endpoint}/${server.bucket}/some/prefix/${key}?uploads`, { method: "POST", headers: { authorization } });
      if (!begun.ok) throw new Error(await begun.text());
    },
    spoil: async (key, bytes) => {
      const put = await fetch(`${server.endpoint}/${server.bucket}/some/prefix/${key}`, { method: "PUT", body: new Uint8Array(bytes), headers: { authorization } });
      if (!put.ok) throw new Error(await put.text());
    },
    close: server.stop,
  };
}

async function* cutUp(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe.each([
  { where: "a folder", open: onDisk },
  { where: "an S3-compatible server", open: onS3 },
])("the object store on $where", ({ open }) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await open();
  }, 300_000);
  afterAll(() => bench?.close());
  const keys = async () => {
    const found: string[] = [];
    for await (const { key } of bench.store.list()) found.push(key);
    return found;
  };

  it.each([0, 1, 70_000, 20 * MIB + 3])("gives back %d bytes as they came, whole and in ranges", async (size) => {
    const bytes = randomBytes(size);
    const stored = await bench.store.put(ORG, cutUp(bytes, 1_000_003));
    expect(stored).toMatchObject({ sha256: sha(bytes), bytes: size, key: expect.stringContaining(`${ORG}/`) });
    expect(await bench.store.has(stored)).toBe(size);
    expect((await buffer(bench.store.get(stored))).equals(bytes)).toBe(true);
    if (size < 2) return;
    const range = { start: size - Math.min(size, 9_000_000), end: size - 2 };
    expect((await buffer(bench.store.get(stored, range))).equals(bytes.subarray(range.start, range.end + 1))).toBe(true);
  });

  it("keeps nothing of bytes that are not what was announced, too many, or cut off", async () => {
    const before = await keys();
    const large = randomBytes(17 * MIB);
    const failing = async function* () {
      yield large;
      throw new Error("the line went dead");
    };
    for (const bytes of [Buffer.from("small"), large]) {
      await expect(bench.store.put(ORG, [bytes], { sha256: "0".repeat(64) })).rejects.toMatchObject({ code: "invalid", issues: [{ field: "sha256" }] });
      await expect(bench.store.put(ORG, [bytes], { maxBytes: bytes.length - 1 })).rejects.toMatchObject({ code: "too_large" });
    }
    await expect(bench.store.put(ORG, failing())).rejects.toThrow("the line went dead");
    expect(await keys()).toEqual(before);
    expect(await bench.store.sweep(0)).toBe(0); // nothing was left half done
  });

  it("never gives the last bytes of an object that rotted", async () => {
    const stored = await bench.store.put(ORG, [Buffer.from("the weights of a model")]);
    await bench.spoil(stored.key, Buffer.from("the weights of another"));
    await expect(buffer(bench.store.get(stored))).rejects.toMatchObject({ code: "unavailable" });
  });

  it("removes one copy of the same bytes and keeps the other; removing again is no error", async () => {
    const [first, second] = [await bench.store.put(ORG, [Buffer.from("twins")]), await bench.store.put(ORG, [Buffer.from("twins")])];
    expect(first.key).not.toBe(second.key);
    await bench.store.remove(first.key);
    await bench.store.remove(first.key);
    expect([await bench.store.has(first), await bench.store.has(second)]).toEqual([null, 5]);
    expect((await buffer(bench.store.get(second))).toString()).toBe("twins");
    await expect(buffer(bench.store.get(first))).rejects.toThrow();
    expect(await keys()).toContain(second.key);
  });

  it("reads what older releases stored under the hash alone", async () => {
    const bytes = Buffer.from("from before");
    await bench.spoil(`${sha(bytes).slice(0, 2)}/${sha(bytes)}`, bytes);
    expect((await buffer(bench.store.get({ sha256: sha(bytes), key: null }))).equals(bytes)).toBe(true);
  });

  it("sweeps what a killed process left of an upload, and nothing that somebody else keeps there", async () => {
    const left = "uploads/7d444840-9dc0-11d1-b245-5ffdce74fad2";
    await bench.spoil(left, Buffer.from("half of it"));
    await bench.spoil("uploads/holiday.jpg", Buffer.from("of another program"));
    expect(await bench.store.sweep(3_600_000)).toBe(0);
    await bench.begin?.(left); // only now: the server of the tests dates every one of these back by years
    await bench.begin?.("holiday.mp4");
    expect(await bench.store.sweep(-1)).toBe(bench.begin ? 2 : 1);
    expect(await bench.store.sweep(-1)).toBe(0);
    expect(await bench.store.has({ sha256: "", key: left })).toBeNull();
    expect(await bench.store.has({ sha256: "", key: "uploads/holiday.jpg" })).toBe(18);
  });
});

describe("DROVER_OBJECTS", () => {
  it("names a bucket with what it needs", () => {
    expect(s3Target("s3://models")).toEqual({ bucket: "models", prefix: "", endpoint: null, region: "us-east-1", pathStyle: false });
    expect(s3Target("s3://models/a/b/?endpoint=https://s3.internal:9000&region=eu-1")).toEqual({ bucket: "models", prefix: "a/b/", endpoint: "https://s3.internal:9000", region: "eu-1", pathStyle: true });
  });
  it.each(["s3://", "s3:bucket", "s3://key:secret@bucket", "s3://bucket?endpoint=ftp://x", "s3://bucket?pathStyle=yes", "s3://bucket?zone=1"])("refuses %s with the cure", (text) => {
    expect(() => s3Target(text)).toThrow(/DROVER_OBJECTS: .*Expected s3:\/\/BUCKET/);
  });
});
