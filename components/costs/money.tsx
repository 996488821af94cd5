import { formatMoney } from "../../domain/costs/money.ts";

/** Rounded for the eye; the exact amount shows on hover. @param locale The reader's own, where another site says so. */
export function Money({ amount, currency, locale = null }: { amount: string; currency: string; locale?: string | null }) {
  return <span className="nowrap" title={`${amount} ${currency}`}>{formatMoney(amount, currency, locale)}</span>;
}
