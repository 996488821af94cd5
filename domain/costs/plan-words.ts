import { formatSeconds } from "../shared/format.ts";
import type { PlanCost } from "./cost-view.ts";
import { formatMoney } from "./money.ts";

/** What a run should cost, in one or two sentences; null where nothing has a price. */
export function costInWords({ currency, hourly, total, length }: PlanCost): string | null {
  if (!hourly || !total || !length) return null;
  const span = ({ low, high }: { low: string; high: string }) => {
    const [from, to] = [formatMoney(low, currency), formatMoney(high, currency)];
    return from === to ? to : `${from} to ${to}`;
  };
  const rate = `${span(hourly)} an hour`;
  const highest = formatMoney(total.high, currency);
  if (length.from === "history") return `Should cost ${span(total)}, at ${rate}, if it takes as long as runs of its experiment did.`;
  if (length.from === "limit") return `Costs ${rate}, at most ${highest} in the ${formatSeconds(length.highSeconds)} that it may take.`;
  return `Costs ${rate}. It names no maxDuration, so budgets hold a day of it: ${highest}.`;
}
