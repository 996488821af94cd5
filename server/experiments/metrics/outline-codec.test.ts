import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CELL, CHAPTER_CELLS } from "../../../domain/experiments/outline.ts";
import { decodeOutline, encodeOutline } from "./outline-codec.ts";

describe("an outline as bytes", () => {
  it("is given back bit for bit, however its ends lie and its values are", () => {
    const end = (most: number) => fc.oneof(fc.nat(100), fc.nat(most), fc.constant(5));
    const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.float({ noNaN: true, noDefaultInfinity: true }));
    const cell = fc.record({ step: end(2 ** 50), time: end(2 ** 42), value });
    fc.assert(fc.property(fc.array(cell, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: CELL }), fc.constantFrom(...CHAPTER_CELLS), (cells, rest, size) => {
      const column = (of: (one: (typeof cells)[number]) => number) => Float64Array.from(cells, of);
      const outline = { points: (cells.length - 1) * size + rest, cell: size, firstSteps: column(({ step }) => step), lastSteps: column(({ step }) => step + 9), firstTimes: column(({ time }) => time), lastTimes: column(({ time }) => time + 9), mins: column(({ value }) => value), maxs: column(({ value }) => value / 3), lasts: column(() => -0) };
      expect(decodeOutline(encodeOutline(outline))).toEqual(outline);
    }));
  });

  it("takes few bytes a cell where steps grow evenly and values were float32, and says what it cannot read", () => {
    const column = (of: (cell: number) => number) => Float64Array.from({ length: 64 }, (_, cell) => of(cell));
    const value = column((cell) => Math.fround(Math.sin(cell)));
    const bytes = encodeOutline({ points: 64 * CELL, cell: CELL, firstSteps: column((cell) => cell * CELL), lastSteps: column((cell) => cell * CELL + CELL - 1), firstTimes: column((cell) => 1_700_000_000_000 + cell * cell), lastTimes: column((cell) => 1_700_000_000_200 + cell * cell), mins: value, maxs: value, lasts: value });
    expect(bytes.length).toBeLessThan(64 * 22);
    expect(() => decodeOutline(Buffer.from([9, ...bytes.subarray(1)]))).toThrow("Unknown version 9 of an outline.");
  });
});
