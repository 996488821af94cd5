import { formatMoney } from "../../domain/costs/money.ts";

/** Rounded for the eye; the exact amount shows on hover. */
export function Money({ amount, currency }: { amount: string; currency: string }) {
  return <span className="nowrap" title={`${amount} ${currency}`}>{formatMoney(amount, currency)}</span>;
}
