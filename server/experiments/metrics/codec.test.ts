import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Columns, decode, encode, intAt, toInts } from "./codec.ts";

const int64 = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(0, 1, 2));
const float = fc.oneof(fc.double(), fc.float(), fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, -0));
const point = fc.record({ step: int64, time: int64, value: float });

const columns = (points: { step: number | bigint; time: number | bigint; value: number }[]): Columns => ({ steps: toInts(points.map(({ step }) => step)), times: toInts(points.map(({ time }) => time)), values: Float64Array.from(points, ({ value }) => value) });

describe("a packed batch", () => {
  it("gives back every point bit for bit, whatever the steps and values", () => {
    fc.assert(fc.property(fc.array(point, { maxLength: 200 }), fc.constantFrom(0, 1, 9), (points, level) => {
      const back = decode(encode(columns(points), level));
      const found = points.map((_, at) => [BigInt(intAt(back.steps, at)), BigInt(intAt(back.times, at)), back.values[at]]);
      expect(found).toEqual(points.map(({ step, time, value }) => [BigInt(step), BigInt(time), value]));
      points.forEach(({ value }, at) => expect(Object.is(value, back.values[at])).toBe(true));
    }), { numRuns: 500 });
  });

  it("takes no room for steps that grow evenly", () => {
    const count = 10_000;
    const flat = columns(Array.from({ length: count }, (_, at) => ({ step: at * 10, time: 1_700_000_000_000 + at * 250, value: 0.5 })));
    expect(encode(flat, 1).length).toBeLessThan(100);
  });

  it.each([["each later than the one before by about as much", true, 3.75], ["each near its place on an even line", false, 3.65]])("keeps a noisy float32 loss in less than four bytes a point, with times that jitter: %s", (_, addsUp, most) => {
    let seed = 1;
    const dice = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const count = 16_384;
    let time = 1_700_000_000_000;
    const jitter = () => Math.round(dice() * 20);
    const points = Array.from({ length: count }, (_item, at) => ({ step: at, time: addsUp ? (time += 240 + jitter()) : time + at * 250 + jitter(), value: Math.fround(0.1 + 2 * Math.exp((-4 * at) / count) * (1 + 0.1 * (dice() - 0.5))) }));
    expect(encode(columns(points), 9).length / count).toBeLessThan(most);
  });

  it("is read as it was packed by the release before, all planes together", () => {
    const points = Array.from({ length: 300 }, (_, at) => ({ step: at * at, time: 1_700_000_000_000 + at * 250 + (at % 7), value: Math.sin(at) }));
    const back = decode(encode(columns(points), 1));
    expect([back.times, back.values]).toEqual([columns(points).times, columns(points).values]);
    expect([encode(columns(points), 1)[0], encode(columns(points), 9)[0]]).toEqual([1, 2]);
  });
});
