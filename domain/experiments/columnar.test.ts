import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COLUMNAR_LIMITS, readColumnar } from "./columnar.ts";

function body(header: unknown, columns: Uint8Array[] = [], magic = "DRP1"): Uint8Array {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return new Uint8Array(Buffer.concat([Buffer.from(magic), length, text, ...columns]));
}
const bytesOf = (array: BigInt64Array | Float64Array | Float32Array) => new Uint8Array(array.buffer);

const int64 = fc.oneof(fc.integer().map(BigInt), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const float = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity, -0));

describe("columns of points", () => {
  it("are read bit for bit, whatever the steps and values", () => {
    const series = fc.record({ key: fc.constantFrom("loss", "acc"), points: fc.array(fc.tuple(int64, int64, float), { minLength: 1, maxLength: 50 }) });
    fc.assert(fc.property(fc.array(series, { minLength: 1, maxLength: 4 }), (all) => {
      const header = { run_id: "run_x", series: all.map(({ key, points }) => ({ key, points: points.length })) };
      const found = readColumnar(body(header, all.flatMap(({ points }) => [bytesOf(BigInt64Array.from(points, ([step]) => step)), bytesOf(BigInt64Array.from(points, ([, time]) => time)), bytesOf(Float64Array.from(points, ([, , value]) => value))])));
      if (typeof found === "string") throw new Error(found);
      expect(found.series.map(({ key, steps, times, values }) => ({ key, points: Array.from(values, (value, at) => [BigInt(steps[at]!), BigInt(times[at]!), value]) }))).toEqual(all.map(({ key, points }) => ({ key, points: points.map(([step, time, value]) => [step, time, value]) })));
    }));
  });

  it("may grow evenly instead, and have values of float32", () => {
    const found = readColumnar(body({ run_id: "r", series: [{ key: "a", points: 3, steps: { from: 5, by: 2 }, times: { from: 1000, by: -1 }, values: "float32" }] }, [bytesOf(Float32Array.of(0.5, 1, 0.1))]));
    expect(found).toEqual({ runId: "r", series: [{ key: "a", steps: Float64Array.of(5, 7, 9), times: Float64Array.of(1000, 999, 998), values: Float64Array.of(0.5, 1, Math.fround(0.1)) }] });
  });

  const even = { from: 0, by: 1 };
  it.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(), /begin with DRP1/],
    ["another beginning", body({}, [], "DRP9"), /begin with DRP1/],
    ["a header longer than the body", new Uint8Array([...Buffer.from("DRP1"), 255, 0, 0, 0]), /255 bytes/],
    ["a header that is no JSON", new Uint8Array([...Buffer.from("DRP1"), 1, 0, 0, 0, 123]), /must be JSON/],
    ["an unknown field", body({ run_id: "r", series: [{ key: "a", points: 1, colour: "red" }] }), /series\.0/],
    ["too few bytes", body({ run_id: "r", series: [{ key: "a", points: 2 }] }, [new Uint8Array(8)]), /bytes in all/],
    ["too many bytes", body({ run_id: "r", series: [{ key: "a", points: 1, steps: even, times: even }] }, [new Uint8Array(16)]), /bytes in all/],
    ["too many points", body({ run_id: "r", series: Array.from({ length: 2 }, () => ({ key: "a", points: COLUMNAR_LIMITS.points, steps: even, times: even })) }), /at most 500000 points/],
  ])("are refused with the reason: %s", (_what, bytes, reason) => expect(readColumnar(bytes)).toMatch(reason));
});
