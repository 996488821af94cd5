import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { factories } from "../../../db/factories.ts";
import { testDatabase } from "../../../db/testing.ts";
import { eventPrefixes, isEventFile, metricKeyOf } from "../../../domain/experiments/artifact-path.ts";
import { nameProblem } from "../../../domain/experiments/mlflow-words.ts";
import { pythonWith } from "../../../scripts/test/python.ts";
import type { Bus } from "../../bus.ts";
import { putClientFile } from "../commands/client-files.ts";
import { readScalars, type Scalar } from "../metrics/event-file.ts";
import { folderStore } from "../objects/folder.ts";
import { readHistory } from "../queries/history.ts";
import { readEventFiles } from "./event-files.ts";

const folder = mkdtempSync(join(tmpdir(), "drover-events-"));
const store = folderStore(join(folder, "objects"));
const bus = { publishNow: async () => {} } as unknown as Bus;
let database: Awaited<ReturnType<typeof testDatabase>>;
let make: ReturnType<typeof factories>;
let newRun: () => Promise<{ id: string; orgId: string }>;
beforeAll(async () => {
  database = await testDatabase();
  make = factories(database.db);
  const org = await make.org();
  const person = await make.user();
  newRun = () => make.run(org.project, person.id);
}, 120_000);
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const message = (write: (writer: BinaryWriter) => void) => {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
};
const record = (bytes: Uint8Array) => {
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([head, bytes, Buffer.alloc(4)]);
};
/** An event as protobuf has it. `tensor`: how TensorFlow 2 writes numbers. */
const event = (step: number, seconds: number, tag: string, value: number, tensor?: { plugin?: string }) =>
  record(message((writer) => {
    const one = message((inner) => {
      inner.tag(1, WireType.LengthDelimited).string(tag);
      if (!tensor) return inner.tag(2, WireType.Bit32).float(value);
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(value);
      inner.tag(8, WireType.LengthDelimited).bytes(message((of) => of.tag(1, WireType.Varint).int32(1).tag(2, WireType.LengthDelimited).bytes(new Uint8Array()).tag(4, WireType.LengthDelimited).bytes(bytes)));
      if (tensor.plugin) inner.tag(9, WireType.LengthDelimited).bytes(message((of) => of.tag(1, WireType.LengthDelimited).bytes(message((data) => data.tag(1, WireType.LengthDelimited).string(tensor.plugin!)))));
    });
    writer.tag(1, WireType.Bit64).double(seconds).tag(2, WireType.Varint).int64(step).tag(5, WireType.LengthDelimited).bytes(message((of) => of.tag(1, WireType.LengthDelimited).bytes(one)));
  }));
async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function scalars(bytes: Buffer, size = 1000): Promise<Scalar[]> {
  const found: Scalar[] = [];
  for await (const one of readScalars(inPieces(bytes, size))) found.push(one);
  return found;
}

describe("an event file", () => {
  it("gives every number, in whatever pieces it comes; one that is cut off gives what is whole", async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.record({ step: fc.integer({ min: 0, max: 2 ** 40 }), value: fc.float(), tag: fc.string({ maxLength: 20 }), isTensor: fc.boolean() }), { maxLength: 30 }), fc.integer({ min: 1, max: 70 }), fc.nat(), async (events, size, cut) => {
      const parts = events.map(({ step, value, tag, isTensor }, at) => event(step, 1_700_000_000 + at / 8, tag, value, isTensor ? {} : undefined));
      const bytes = Buffer.concat(parts);
      const wanted = events.map(({ step, value, tag }, at) => ({ tag, step: BigInt(step), time: 1_700_000_000_000 + at * 125, value }));
      expect(await scalars(bytes, size)).toEqual(wanted);
      const length = bytes.length === 0 ? 0 : cut % bytes.length;
      let whole = 0;
      for (let end = 0; whole < parts.length && end + parts[whole]!.length <= length; whole += 1) end += parts[whole]!.length;
      expect(await scalars(bytes.subarray(0, length), size)).toEqual(wanted.slice(0, whole));
    }), { numRuns: 100 });
  });

  it("passes over large records and other plugins, and refuses what is no event file", async () => {
    const image = record(Buffer.alloc(3_000_000, 1));
    const bytes = Buffer.concat([event(1, 1, "a", 1), image, event(2, 2, "h", 3, { plugin: "histograms" }), event(3, 3, "h", 3, {}), event(4, 4, "a", 2, { plugin: "scalars" })]);
    expect((await scalars(bytes, 65_536)).map(({ tag, step }) => `${tag} ${step}`)).toEqual(["a 1", "a 4"]);
    await expect(scalars(Buffer.from("this is just some text, not a record at all"))).rejects.toThrow("Not an event file");
  });

  it("is known by its name; several folders are told apart by what they do not share; keys are such as metrics may have", () => {
    expect(["events.out.tfevents.1700000000.host", "a/b/events.out.tfevents.1.h.2.0", "x.tfevents.1", "events.txt", "tfevents/notes"].map(isEventFile)).toEqual([true, true, true, false, false]);
    expect([...eventPrefixes(["runs/train/e.tfevents.1", "runs/validation/e.tfevents.1"]).values()]).toEqual(["train/", "validation/"]);
    expect([...eventPrefixes(["runs/e.tfevents.1", "runs/e.tfevents.2"]).values()]).toEqual(["", ""]);
    expect([...eventPrefixes(["runs/e.tfevents.1", "runs/val/e.tfevents.1"]).values()]).toEqual(["", "val/"]);
    fc.assert(fc.property(fc.string({ maxLength: 400 }), (tag) => {
      const key = metricKeyOf(tag);
      if (key !== null) expect(nameProblem("metric", key)).toBeNull();
    }));
  });
});

describe("TensorBoard's files among a run's", () => {
  const history = async (runId: string, key: string) => (await readHistory(database.sql, { runId, key }, 1_000_000, null)).points;
  const put = (run: { id: string; orgId: string }, path: string, bytes: Buffer) => putClientFile(database.db, store, { orgId: run.orgId, owner: { kind: "run", id: run.id }, path }, [bytes], {});

  it("become metrics of the run as the real writer wrote them, each once, and the timeline says so", async () => {
    const python = await pythonWith(["tensorboardX==2.6.4", "numpy==2.4.6", "protobuf==6.33.5", "packaging==26.0"]);
    await promisify(execFile)(python, [join(import.meta.dirname, "../metrics/tensorboard.py"), folder]);
    const run = await newRun();
    for (const entry of readdirSync(join(folder, "runs"), { recursive: true, withFileTypes: true })) if (entry.isFile()) await put(run, relative(folder, join(entry.parentPath, entry.name)), readFileSync(join(entry.parentPath, entry.name)));
    expect(await readEventFiles(database.sql, bus, store)).toBe(2);
    expect(await readEventFiles(database.sql, bus, store)).toBe(0);
    for (const prefix of ["train", "validation"]) {
      const loss = await history(run.id, `${prefix}/loss`);
      expect(loss.map(({ step, time, value }) => [Number(step), Number(time), value])).toEqual(Array.from({ length: 300 }, (_, at) => [at, 1_700_000_000_000 + at * 1000, Math.fround(1 / (at + 1))]));
      expect(await history(run.id, `${prefix}/learning_rate__Adam_`)).toHaveLength(1);
      expect((await history(run.id, `${prefix}/broken`)).map(({ step, value }) => [Number(step), value])).toEqual([[2 ** 40, Number.NaN]]);
    }
    const keys = await database.sql<{ key: string }[]>`select key from metric_summaries where run_id = ${run.id}`;
    expect(keys).toHaveLength(6); // no histogram, text or image
    const told = await database.sql<{ message: string }[]>`select message from run_events where run_id = ${run.id} and kind = 'metrics.read' order by id`;
    expect(told.map(({ message: said }) => said)).toEqual([expect.stringMatching(/^302 points of 3 metrics were read from runs\/.*tfevents/), expect.any(String)]);
  }, 120_000);

  it("that come again, longer, are read on from where they ended; two workers at once read nothing twice", async () => {
    const run = await newRun();
    const parts = Array.from({ length: 40 }, (_, at) => event(at, 1_700_000_000 + at, "acc", at));
    for (const length of [10, 25, 40]) {
      await put(run, "events.out.tfevents.1.h", Buffer.concat(parts.slice(0, length)));
      await Promise.all([readEventFiles(database.sql, bus, store), readEventFiles(database.sql, bus, store)]);
      expect((await history(run.id, "acc")).map(({ value }) => value)).toEqual(Array.from({ length }, (_, at) => at));
    }
  });

  it("whose bytes the store has lost hold up no other, and are tried again", async () => {
    const [lost, kept] = [await newRun(), await newRun()];
    await put(lost, "events.out.tfevents.3.h", Buffer.concat([event(1, 1, "lost", 1)]));
    const [row] = await database.sql<{ key: string }[]>`select o.key from artifacts a join objects o on o.org_id = a.org_id and o.sha256 = a.sha256 where a.run_id = ${lost.id}`;
    await store.remove(row!.key);
    await put(kept, "events.out.tfevents.4.h", Buffer.concat([event(1, 1, "kept", 1)]));
    expect(await readEventFiles(database.sql, bus, store)).toBe(1);
    expect(await history(kept.id, "kept")).toHaveLength(1);
    await put(lost, "events.out.tfevents.3.h", Buffer.concat([event(1, 1, "lost", 1)]));
    expect(await readEventFiles(database.sql, bus, store)).toBe(1);
    expect(await history(lost.id, "lost")).toHaveLength(1);
  });

  it("that are damaged give what stands before the damage, and the timeline says so", async () => {
    const run = await newRun();
    await put(run, "events.out.tfevents.7.h", Buffer.concat([event(1, 1, "kept", 1), event(2, 2, "kept", 2), Buffer.alloc(100, 255), event(3, 3, "kept", 3)]));
    expect(await readEventFiles(database.sql, bus, store)).toBe(1);
    expect(await readEventFiles(database.sql, bus, store)).toBe(0);
    expect((await history(run.id, "kept")).map(({ value }) => value)).toEqual([1, 2]);
    const [told] = await database.sql<{ message: string }[]>`select message from run_events where run_id = ${run.id} and kind = 'metrics.read'`;
    expect(told!.message).toMatch(/^2 points of 1 metric were read from .*, up to where it is damaged: Not an event file/);
  });

  it("whose bytes rotted give no number, and are not read over and over", async () => {
    const run = await newRun();
    const bytes = Buffer.concat(Array.from({ length: 3000 }, (_, at) => event(at, 1 + at, "rotten", at)));
    await put(run, "events.out.tfevents.10.h", bytes);
    const [row] = await database.sql<{ key: string }[]>`select o.key from artifacts a join objects o on o.org_id = a.org_id and o.sha256 = a.sha256 where a.run_id = ${run.id}`;
    writeFileSync(join(folder, "objects", row!.key), Buffer.concat([bytes.subarray(0, -1), Buffer.from([1])]));
    expect(await readEventFiles(database.sql, bus, store)).toBe(1);
    expect(await readEventFiles(database.sql, bus, store)).toBe(0);
    expect(await history(run.id, "rotten")).toEqual([]);
    const [told] = await database.sql<{ message: string }[]>`select message from run_events where run_id = ${run.id} and kind = 'metrics.read'`;
    expect(told!.message).toMatch(/could not be read as a TensorBoard file: The object store gave other bytes/);
  });

  it("whose line to the store goes dead are read at the next pass, and hold up no other", async () => {
    const [cut, next] = [await newRun(), await newRun()];
    const whole = Buffer.concat(Array.from({ length: 50 }, (_, at) => event(at, 1 + at, "cut", at)));
    const { sha256 } = await put(cut, "events.out.tfevents.8.h", whole);
    await put(next, "events.out.tfevents.9.h", event(1, 1, "next", 1));
    const dying = async function* () {
      yield whole.subarray(0, 500);
      throw new Error("read ECONNRESET");
    };
    const flaky = { ...store, get: (...ask: Parameters<typeof store.get>) => (ask[0].sha256 === sha256 ? Readable.from(dying()) : store.get(...ask)) };
    expect(await readEventFiles(database.sql, bus, flaky)).toBe(1);
    expect(await history(next.id, "next")).toHaveLength(1);
    expect(await history(cut.id, "cut")).toEqual([]);
    expect(await readEventFiles(database.sql, bus, store)).toBe(1);
    expect(await history(cut.id, "cut")).toHaveLength(50);
  });

  it("with moments that no clock shows keep their numbers, and hold up no other file", async () => {
    const [odd, next] = [await newRun(), await newRun()];
    await put(odd, "events.out.tfevents.5.h", Buffer.concat([Number.NaN, Infinity, 1e300, -1e300, 1_700_000_000].map((seconds, at) => event(at, seconds, "odd", at))));
    await put(next, "events.out.tfevents.6.h", event(1, 1, "next", 1));
    expect(await readEventFiles(database.sql, bus, store)).toBe(2);
    expect((await history(odd.id, "odd")).map(({ value, time }) => [value, Number(time)])).toEqual([[0, 0], [1, 0], [2, 0], [3, 0], [4, 1_700_000_000_000]]);
    expect(await history(next.id, "next")).toHaveLength(1);
  });

  it("that are none are named in the timeline and not tried again", async () => {
    const run = await newRun();
    await put(run, "events.out.tfevents.2.h", Buffer.from("not what its name says, and long enough to be read"));
    expect(await readEventFiles(database.sql, bus, store)).toBe(1);
    expect(await readEventFiles(database.sql, bus, store)).toBe(0);
    const [told] = await database.sql<{ message: string }[]>`select message from run_events where run_id = ${run.id} and kind = 'metrics.read'`;
    expect(told!.message).toMatch(/could not be read as a TensorBoard file: Not an event file/);
  });
});
