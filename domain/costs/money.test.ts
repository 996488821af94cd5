import { expect, it } from "vitest";
import { formatMoney } from "./money.ts";

it.each([
  ["0", "USD", "$0.00"],
  ["1234567.895", "USD", "$1,234,567.90"],
  ["3.754999995", "EUR", "€3.75"],
  ["0.0031", "USD", "$0.0031"],
  ["-12.5", "CHF", "−12.50 CHF"],
  ["99999999999999999999.999", "USD", "$100,000,000,000,000,000,000.00"],
])("shows %s %s as %s", (amount, currency, shown) => {
  expect(formatMoney(amount, currency)).toBe(shown);
});
