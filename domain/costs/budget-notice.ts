import { BUDGET_SCOPE_LABEL, type BudgetPolicy, type BudgetScope } from "./budget.ts";
import { formatMoney } from "./money.ts";
import { monthName } from "./period.ts";

/** That a budget reached a level, as somebody is told of it. Amounts are exact decimals, as they were then. */
export interface BudgetNotice {
  /** Of which budget and level: each once a month. */
  key: string;
  budgetId: string;
  name: string;
  scope: BudgetScope;
  /** UTC, 2026-11. */
  month: string;
  /** Percent. */
  level: number;
  amount: string;
  spent: string;
  /** Promised to runs that are not over. */
  held: string;
  policy: BudgetPolicy;
  currency: string;
}

export const budgetTitle = ({ name, level, amount, currency, month }: BudgetNotice): string => `The budget ${name} reached ${level} % of ${formatMoney(amount, currency)} in ${monthName(month)}`;

const AT_LIMIT: Record<BudgetPolicy, string> = {
  warn: "At its limit nothing is refused.",
  block: "At its limit it takes no new runs.",
  drain: "At its limit it takes no new runs, and those that run save a checkpoint and stop.",
};
export const budgetWords = ({ spent, held, currency, scope, policy }: BudgetNotice): string[] => [
  `${formatMoney(spent, currency)} are spent, ${formatMoney(held, currency)} promised to runs that are not over. It is for: ${BUDGET_SCOPE_LABEL[scope].toLowerCase()}.`,
  AT_LIMIT[policy],
];
