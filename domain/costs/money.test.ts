import { expect, it } from "vitest";
import { formatMoney, priceWords } from "./money.ts";

it.each([
  ["0", "USD", "$0.00"],
  ["1234567.895", "USD", "$1,234,567.90"],
  ["3.754999995", "EUR", "€3.75"],
  ["0.0031", "USD", "$0.0031"],
  ["0.01", "USD", "$0.01"],
  ["0.000004", "USD", "<$0.0001"],
  ["-0.000004", "USD", ">−$0.0001"],
  ["-12.5", "CHF", "−12.50 CHF"],
  ["99999999999999999999.999", "USD", "$100,000,000,000,000,000,000.00"],
  ["1234.5", "JPY", "¥1,234"],
  ["0.4", "JPY", "¥0.40"],
  ["0.004", "JPY", "<¥0.01"],
  ["3", "JPY", "¥3"],
  ["1234.5678", "KWD", "1,234.568 KWD"],
  ["12.5", "ABC", "12.50 ABC"],
])("shows %s %s as %s", (amount, currency, shown) => {
  expect(formatMoney(amount, currency)).toBe(shown);
});

it.each([["2.1", "2.10"], ["3", "3.00"], ["0.0017", "0.0017"]])("shows a price of %s as %s", (price, shown) => {
  expect(priceWords(price)).toBe(shown);
});

it("shows an amount as the reader's language does, to the last digit, and in our own way where it knows no such language", () => {
  expect(formatMoney("1234567890123456789.125", "EUR", "de-DE")).toBe("1.234.567.890.123.456.789,12\u00a0€");
  expect(formatMoney("12.5", "USD", "en-US")).toBe("$12.50");
  expect(formatMoney("12.5", "USD", "not a language")).toBe("$12.50");
});
