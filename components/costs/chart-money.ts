import { formatMoney, geometryOf } from "../../domain/costs/money.ts";
import { formatTick } from "../../domain/shared/format.ts";
import type { TimeChartProps } from "../charts/time-chart.tsx";

/** A chart places amounts as numbers; what it says of them is the amount itself. @param amounts Exact, all that it shows. @param locale As formatMoney's. */
export function saysMoney(amounts: Iterable<string>, currency: string, locale: string | null = null): Pick<TimeChartProps, "formatValue" | "formatAxis"> {
  const exact = new Map(Array.from(amounts, (amount) => [geometryOf(amount), amount]));
  const say = (value: number): string => {
    const amount = exact.get(value);
    return amount === undefined ? formatTick(value) : formatMoney(amount, currency, locale);
  };
  return { formatValue: say, formatAxis: formatTick };
}
