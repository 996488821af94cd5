import { type BudgetNotice, budgetTitle, budgetWords } from "./budget-notice.ts";
import { formatMoney } from "./money.ts";
import { causeWords, lastingWords, type RiseNotice, riseTitle } from "./rise-notice.ts";

/** What is told when it happens, and not by the calendar. */
export type CostNotice = RiseNotice | BudgetNotice;

export const isBudgetNotice = (notice: CostNotice): notice is BudgetNotice => "budgetId" in notice;
export const noticeTitle = (notice: CostNotice): string => (isBudgetNotice(notice) ? budgetTitle(notice) : riseTitle(notice));
/** A few lines below the title. */
export function noticeWords(notice: CostNotice): string[] {
  if (isBudgetNotice(notice)) return budgetWords(notice);
  return [lastingWords(notice), `${formatMoney(notice.extra, notice.currency)} more than usual.`, causeWords(notice.causes)].filter(Boolean);
}
