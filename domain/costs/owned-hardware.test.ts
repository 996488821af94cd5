import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compare, decimal, sum } from "./decimal.ts";
import { NO_HARDWARE, ownedNote, type OwnedPrice, priceOfOwned } from "./owned-hardware.ts";

const box = { ...NO_HARDWARE, purchase: "320000", residual: "20000", months: "48", kilowatts: "10.2", pue: "1.3", tariff: "0.25", monthly: "2000", units: "8" };

describe("the price of owned hardware", () => {
  it("is its purchase, power and upkeep by the hour and unit", () => {
    // 300000 / (48 × 730.5 h) / 8 = 1.069473, 10.2 kW × 1.3 × 0.25 / 8 = 0.414375, 2000 / 730.5 / 8 = 0.342231
    expect(priceOfOwned(box)).toEqual({ hardware: "1.069473", power: "0.414375", monthly: "0.342231", unitPrice: "1.826079" });
    expect(ownedNote(box)).toBe("Owned: 320000 less 20000 over 48 months, 10.2 kW × PUE 1.3 × 0.25, 2000 a month, for 8 units.");
  });

  it.each([
    [{ purchase: "3e5" }, "purchase"],
    [{ months: "0" }, "months"],
    [{ units: "" }, "units"],
    [{ residual: "320001" }, "residual"],
    [{ pue: "0.9" }, "pue"],
    [{ tariff: "-1" }, "tariff"],
  ])("names what is wrong with %j", (over, field) => expect(priceOfOwned({ ...box, ...over })).toMatchObject({ field }));

  it("is the sum of its parts, and grows with each of them", () => {
    const amount = fc.integer({ min: 0, max: 10_000_000 }).map(String);
    fc.assert(fc.property(amount, amount, amount, fc.integer({ min: 1, max: 128 }), (purchase, monthly, tariff, units) => {
      const hardware = { ...box, purchase, residual: "", monthly, tariff, units: String(units) };
      const price = priceOfOwned(hardware) as OwnedPrice;
      expect(compare(sum([price.hardware, price.power, price.monthly].map(decimal)), decimal(price.unitPrice))).toBe(0);
      const dearer = priceOfOwned({ ...hardware, purchase: String(Number(purchase) + 1_000_000) }) as OwnedPrice;
      expect(compare(decimal(dearer.unitPrice), decimal(price.unitPrice))).toBe(1);
    }));
  });
});
