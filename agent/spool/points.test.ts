import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_LINE, parseObject, type Point, PointReader } from "./points.ts";

const NOW = 1_700_000_000_000;

/** Feeds the bytes in pieces of these sizes, again and again from the first; takes a batch wherever `stops` says so. */
function read(bytes: Buffer, pieces: readonly number[], mostPoints = 10_000): { points: Point[]; to: number; ranges: [number, number][] } {
  const reader = new PointReader(0, 0);
  const points: Point[] = [];
  const ranges: [number, number][] = [];
  const take = () => {
    const batch = reader.take();
    if (!batch) return;
    points.push(...batch.points);
    ranges.push([batch.from, batch.to]);
  };
  for (let turn = 0; reader.position < bytes.length; turn++) {
    const size = Math.max(1, pieces[turn % pieces.length] ?? 1);
    reader.feed(Buffer.from(bytes.subarray(reader.position, reader.position + size)), NOW, mostPoints);
    if (turn % 3 === 0 || reader.waiting >= mostPoints) take();
  }
  reader.finish(NOW);
  take();
  return { points, to: ranges.at(-1)?.[1] ?? 0, ranges };
}

const simple = ({ key, step, value }: Point) => ({ key, step, value });
const lineOf = (fields: Record<string, unknown>) => `drover: ${JSON.stringify(fields)}`;

const Noise = fc.oneof(
  fc.string().map((text) => text.replaceAll(/[\r\n]/g, " ")),
  fc.constantFrom("", "drover:", "drover: ", "drover: {", "drover: [1]", " drover: {}", "drover: null", "drovee: {}", "🦜".repeat(3)),
);
const Metric = fc.record({ loss: fc.double({ noDefaultInfinity: true, noNaN: true }), step: fc.integer({ min: 0, max: 1e9 }) });

describe("metric lines", () => {
  it("come out once each and in order, however the bytes arrive", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(Noise.map((text) => ({ text })), Metric.map((fields) => ({ fields })))), fc.constantFrom("\n", "\r\n", "\r"), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), fc.integer({ min: 1, max: 5 }), (lines, end, pieces, most) => {
        const bytes = Buffer.from(lines.map((line) => ("text" in line ? line.text : lineOf(line.fields)) + end).join(""));
        const expected = lines.flatMap((line) => ("fields" in line ? [{ key: "loss", step: line.fields.step, value: JSON.parse(JSON.stringify(line.fields.loss)) as number }] : []));
        const seen = read(bytes, pieces, most);
        expect(seen.points.map(simple)).toEqual(expected);
        expect(seen.to).toBe(bytes.length);
        for (const [at, [from]] of seen.ranges.entries()) expect(from).toBe(at === 0 ? 0 : seen.ranges[at - 1]?.[1]);
      }),
    );
  });

  it("make batches of no more points than the server takes, whole lines in each, counted on where they name no step", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 30 }), fc.integer({ min: 5, max: 9 }), fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (widths, most, pieces) => {
        const bytes = Buffer.from(widths.map((width) => `${lineOf(Object.fromEntries(Array.from({ length: width }, (_, at) => [`k${at}`, at])))}\n`).join(""));
        const reader = new PointReader(0, 0);
        const batches: NonNullable<ReturnType<PointReader["take"]>>[] = [];
        const takeAll = () => {
          for (let batch = reader.take(); batch; batch = reader.take()) batches.push(batch);
        };
        for (let turn = 0; reader.position < bytes.length; turn++) if (reader.feed(bytes.subarray(reader.position, reader.position + pieces[turn % pieces.length]!), NOW, most) === 0) takeAll();
        reader.finish(NOW);
        takeAll();
        let step = 0;
        const expected = widths.flatMap((width) => (width === 0 ? [] : Array.from({ length: width }, () => step).map((one, at) => (at === width - 1 ? step++ : one))));
        expect(batches.flatMap(({ points }) => points.map((point) => point.step))).toEqual(expected);
        expect(Math.max(...batches.map(({ points }) => points.length))).toBeLessThanOrEqual(most);
        for (const [at, batch] of batches.entries()) {
          expect(batch.from).toBe(at === 0 ? 0 : batches[at - 1]!.to);
          expect(batch.counter).toBe((batch.points.at(-1)?.step ?? (batches[at - 1]?.counter ?? 0) - 1) + 1);
        }
        expect(batches.at(-1)!.to).toBe(bytes.length);
      }),
    );
  });

  it("read again from any batch's start with its counter give the same points", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant("text"), fc.constant('drover: {"a": 1}'), fc.constant('drover: {"a": 2, "step": 9}')), { minLength: 1 }), fc.nat(), (lines, cut) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        const whole = new PointReader(0, 0);
        whole.feed(bytes, NOW);
        const all = whole.take()?.points ?? [];
        const first = new PointReader(0, 0);
        first.feed(Buffer.from(bytes.subarray(0, cut % bytes.length)), NOW);
        const head = first.take();
        const second = new PointReader(head?.to ?? 0, head?.counter ?? 0);
        second.feed(Buffer.from(bytes.subarray(head?.to ?? 0)), NOW);
        expect([...(head?.points ?? []), ...(second.take()?.points ?? [])]).toEqual(all);
      }),
    );
  });

  it("survive any bytes at all", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (bytes, pieces) => void expect(read(Buffer.from(bytes), pieces).to).toBe(bytes.length)));
  });

  it("are found between invalid UTF-8 and in it", () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from('drover: {"ok": 1, "bad'), Buffer.from([0xc3]), Buffer.from('": 2}\n')]);
    expect(read(bytes, [3]).points.map(({ key, value }) => [key, value])).toEqual([["ok", 1], ["bad\uFFFD", 2]]);
  });

  it("begin after a progress bar's carriage return too", () => {
    const bytes = Buffer.from('10%\r50%\rdrover: {"loss": 1}\r100%\ndrover: {"loss": 2}\r\n');
    expect(read(bytes, [7]).points.map(({ value }) => value)).toEqual([1, 2]);
  });

  it("may be 10 MB long, and are text when longer", () => {
    const padded = (bytes: number) => `drover: ${JSON.stringify({ loss: 1, note: "x".repeat(bytes) })}\n`;
    const bytes = Buffer.from(padded(MAX_LINE - 100) + padded(MAX_LINE + 100) + 'drover: {"loss": 3}\n');
    expect(read(bytes, [1 << 20]).points.map(({ value }) => value)).toEqual([1, 3]);
  });

  it("without a line end count once their writer has ended", () => {
    const reader = new PointReader(0, 0);
    reader.feed(Buffer.from('drover: {"loss": 1}'), NOW);
    expect(reader.take()).toBeNull();
    reader.finish(NOW);
    expect(reader.take()).toMatchObject({ from: 0, to: 19, points: [{ value: 1 }] });
  });

  it("take NaN and infinities bare, as Python writes them, or in quotes", () => {
    const fields = parseObject('{"a": NaN, "b": -Infinity, "c": "NaN", "d": "a NaN, b", "e": Infinity}');
    expect(fields).toEqual({ a: "NaN", b: "-Infinity", c: "NaN", d: "a NaN, b", e: "Infinity" });
    const points = read(Buffer.from('drover: {"a": NaN, "b": 1e999, "c": true, "d": null, "e": "text", "": 1, "f\\u0000": 2}\n'), [100]).points;
    expect(points.map(({ key, value }) => [key, value])).toEqual([["a", "NaN"], ["b", "Infinity"]]);
  });

  it("take their step and time where they are given, and count where not", () => {
    const text = '{"v": 1}\n{"v": 2, "step": 40}\n{"v": 3, "step": 1.5}\n{"v": 4, "time": 1700000001}\n{"v": 5, "time": 1700000002000, "step": -3}\n'.replaceAll("{", "drover: {");
    expect(read(Buffer.from(text), [9]).points.map(({ step, time }) => [step, time])).toEqual([[0, NOW], [40, NOW], [1, NOW], [2, 1_700_000_001_000], [-3, 1_700_000_002_000]]);
  });

  it("of a rank keep what a step took it under its rank and node as well, as soon as its node is known", () => {
    const text = '[rank 5] drover: {"step_seconds": 0.4, "loss": 1, "step": 7}\n[rank 6] drover: {"step_seconds": 0.5, "step": 7}\ndrover: {"step_seconds": 0.6, "step": 7}\n';
    const reader = new PointReader(0, 0, (rank) => (rank === 5 ? "gpu03" : null));
    reader.feed(Buffer.from(text), NOW);
    expect(reader.take()!.points.map(({ key, step, value }) => [key, step, value])).toEqual([["step_seconds", 7, 0.4], ["rank/5@gpu03/step_seconds", 7, 0.4], ["loss", 7, 1], ["step_seconds", 7, 0.5], ["step_seconds", 7, 0.6]]);
  });
});
