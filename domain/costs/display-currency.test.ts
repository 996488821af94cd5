import fc from "fast-check";
import { expect, it } from "vitest";
import { type CostReport, displayed, reportCsvLines } from "./cost-report.ts";
import { compare, decimal, decimalText, divide, subtract, sum } from "./decimal.ts";
import { displayOf, spendIn } from "./display-currency.ts";

const EUR = { currency: "EUR", rate: "1.25", since: "2026-11-01" };
const report: CostReport = {
  title: "Statement of November 2026", organization: "Acme", scope: null, from: "2026-11-01", to: "2026-11-30", currency: "USD", total: "20.01",
  rows: [{ project: "a", team: "T", amount: "10.004", rounded: "10.00" }, { project: "b", team: "T", amount: "10.005", rounded: "10.01" }], display: null, notes: ["The month is not closed yet."],
};

it("stands beside the ledger's own figures, and names its rate, the rate's day and the currency of the books", () => {
  const shown = displayed(report, EUR);
  expect(shown).toMatchObject({ currency: "USD", total: "20.01", rows: report.rows, display: { total: "16.01", rows: ["8.00", "8.01"] } });
  expect(shown.notes).toEqual(["In EUR: €16.01. 1 EUR is 1.25 USD, the rate since 1 Nov 2026. The books are kept in USD.", "The month is not closed yet."]);
  expect(reportCsvLines(shown).map((line) => line.join(","))).toEqual([
    "from,to,team,project,amount,exact_amount,currency,shown_amount,shown_currency,exchange_rate,rate_since",
    "2026-11-01,2026-11-30,T,a,10.00,10.004,USD,8.00,EUR,1.25,2026-11-01",
    "2026-11-01,2026-11-30,T,b,10.01,10.005,USD,8.01,EUR,1.25,2026-11-01",
  ]);
  expect(displayed(report, null)).toBe(report);
  expect(reportCsvLines(report)[0]).toHaveLength(7);
});

it("is rounded to what can be paid in its currency: to whole yen, to a thousandth of a dinar", () => {
  expect(displayOf(["10.4", "10.4", "10.4"], { ...EUR, currency: "JPY", rate: "1" })).toMatchObject({ total: "31", rows: ["11", "10", "10"] });
  expect(displayOf(["1.00049"], { ...EUR, currency: "KWD", rate: "1" })).toMatchObject({ total: "1.000", rows: ["1.000"] });
});

it("adds up in cents, to within half a cent of the whole at that rate", () => {
  const amount = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 24n }).map((units) => decimalText({ units, scale: 18 }));
  const rate = fc.bigInt({ min: 1n, max: 10n ** 12n }).map((units) => decimalText({ units, scale: 8 }));
  fc.assert(fc.property(fc.array(amount, { minLength: 1, maxLength: 12 }), rate, (amounts, text) => {
    const { total, rows } = displayOf(amounts, { ...EUR, rate: text });
    expect(compare(sum(rows.map(decimal)), decimal(total))).toBe(0);
    const off = subtract(decimal(total), divide(sum(amounts.map(decimal)), decimal(text), 18));
    expect((off.units < 0n ? -off.units : off.units) <= 5n * 10n ** 15n + 10n).toBe(true);
  }), { numRuns: 300 });
});

it("is every amount of a view, and none of its hours", () => {
  const view = { by: "project" as const, narrowed: [], currency: "USD", ratingVersion: 1, completeTo: null, isUnpriced: false, amount: "2.5", provisional: "1.25", groups: [{ key: "p", label: "p", amount: "2.5", provisional: "1.25", acceleratorHours: "4" }], days: [{ day: "2026-11-01", key: "p", amount: "2.5" }] };
  const shown = spendIn(view, EUR);
  expect([shown.currency, ...[shown.amount, shown.provisional, shown.groups[0]!.amount, shown.days[0]!.amount].map((text) => compare(decimal(text), decimal("2")))]).toEqual(["EUR", 0, -1, 0, 0]);
  expect(shown.groups[0]!.acceleratorHours).toBe("4");
  expect(view.amount).toBe("2.5");
});
