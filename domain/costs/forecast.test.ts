import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DAY_MS } from "./days.ts";
import { add, compare, type Decimal, decimal, decimalText, sum, ZERO } from "./decimal.ts";
import { forecast } from "./forecast.ts";

const cents = (most: number) => fc.bigInt({ min: 0n, max: BigInt(most) }).map((units): Decimal => ({ units, scale: 2 }));
const days = (amounts: readonly number[]) => amounts.map((amount) => decimal(amount.toFixed(2)));
const texts = (found: ReturnType<typeof forecast>) => found && [found.p10, found.p50, found.p90].map((value) => Number(decimalText(value)));
/** Always the same dice. */
function dice(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296) / 4_294_967_296;
}

describe("the forecast of a month", () => {
  it("says nothing before there are three whole days", () => {
    expect(forecast(decimal("5"), ZERO, days([1, 2]), 10 * DAY_MS)).toBeNull();
    expect(texts(forecast(decimal("5"), ZERO, days([1, 1, 1]), 10 * DAY_MS))).toEqual([15, 15, 15]);
  });

  it("has low before middle before high, and is never less than what is spent and promised", () => {
    fc.assert(fc.property(fc.array(cents(9000), { minLength: 3, maxLength: 40 }), cents(90_000), cents(9000), fc.integer({ min: 0, max: 30 * DAY_MS }), (known, spent, held, left) => {
      const { p10, p50, p90 } = forecast(spent, held, known, left)!;
      expect(compare(p10, p50)).toBeLessThanOrEqual(0);
      expect(compare(p50, p90)).toBeLessThanOrEqual(0);
      expect(compare(p10, add(spent, held))).toBeGreaterThanOrEqual(0);
    }));
  });

  it("counts what is left of today", () => {
    const like = days(Array.from({ length: 28 }, () => 24));
    expect(texts(forecast(ZERO, ZERO, like, 30 * DAY_MS))).toEqual([720, 720, 720]); // on the first morning of a month of thirty days
    expect(texts(forecast(decimal("18"), ZERO, like, DAY_MS / 4))).toEqual([24, 24, 24]); // on its last evening
    expect(texts(forecast(decimal("24"), ZERO, like, 0))).toEqual([24, 24, 24]);
  });

  it("keeps the rhythm of the week: who rests at weekends is promised no dearer ones", () => {
    const resting = days(Array.from({ length: 28 }, (_, at) => (at % 7 < 5 ? 100 : 0))); // yesterday was a Sunday
    expect(texts(forecast(ZERO, ZERO, resting, 14 * DAY_MS))).toEqual([1000, 1000, 1000]);
    expect(texts(forecast(ZERO, ZERO, resting, 5 * DAY_MS))).toEqual([500, 500, 500]);
    expect(texts(forecast(ZERO, ZERO, resting.slice(1), 2 * DAY_MS))).toEqual([200, 200, 200]); // not whole weeks: the newest of them are
  });

  it("holds in about eight of ten months where days are what they were, be they even, restless or seldom", () => {
    const kinds: Record<string, (dice: () => number, day: number) => number> = { even: (roll) => 80 + 40 * roll(), weekly: (roll, day) => (day % 7 < 5 ? 100 : 15) * (0.5 + roll()), seldom: (roll) => (roll() < 0.5 ? 0 : 200 * roll()) };
    for (const [kind, amount] of Object.entries(kinds)) {
      const roll = dice(7);
      let [within, said, was] = [0, 0, 0];
      for (let at = 0; at < 300; at += 1) {
        const all = days(Array.from({ length: 44 }, (_, day) => amount(roll, day)));
        const ahead = sum(all.slice(28));
        const { p10, p50, p90 } = forecast(ZERO, ZERO, all.slice(0, 28), 16 * DAY_MS)!;
        if (compare(p10, ahead) <= 0 && compare(ahead, p90) <= 0) within += 1;
        said += Number(decimalText(p50));
        was += Number(decimalText(ahead));
      }
      expect(within / 300, kind).toBeGreaterThan(0.75);
      expect(within / 300, kind).toBeLessThan(0.93);
      expect(Math.abs(said / was - 1), kind).toBeLessThan(0.03); // in the mean neither too much nor too little
    }
  });
});
