import { add, compare, type Decimal, decimal, decimalText, divide, multiply, subtract } from "./decimal.ts";
import { formatMoney } from "./money.ts";

export const BUDGET_SCOPES = ["org", "team", "project", "user"] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];
export const BUDGET_SCOPE_LABEL: Record<BudgetScope, string> = { org: "Organization", team: "Team", project: "Project", user: "Person" };
/** What happens at the limit: say so; take no new runs; also stop what runs, after its checkpoint. */
export const BUDGET_POLICIES = ["warn", "block", "drain"] as const;
export type BudgetPolicy = (typeof BUDGET_POLICIES)[number];
export const BUDGET_POLICY_LABEL: Record<BudgetPolicy, string> = { warn: "Warn", block: "Block new runs", drain: "Drain" };

/** What a calendar month (UTC) of a budget has spent, and what it has promised to runs that are not over. */
export interface BudgetState {
  amount: Decimal;
  spent: Decimal;
  held: Decimal;
  policy: BudgetPolicy;
}

/** May a hold be taken? Under `warn` always; else only while spent, held and the new hold stay within the amount. */
export function admits({ amount, spent, held, policy }: BudgetState, hold: Decimal): boolean {
  return policy === "warn" || compare(add(add(spent, held), hold), amount) <= 0;
}

export const leftOf = ({ amount, spent, held }: Pick<BudgetState, "amount" | "spent" | "held">): Decimal => subtract(amount, add(spent, held));

/** Nothing is left to spend, whatever is promised. */
export const isUsedUp = ({ amount, spent }: Pick<BudgetState, "amount" | "spent">): boolean => compare(spent, amount) >= 0;

/** Whole percent of the amount that is spent, cut. */
export const percentSpent = ({ amount, spent }: Pick<BudgetState, "amount" | "spent">): number => Number.parseInt(String(divide(multiply(spent, decimal("100")), amount, 6).units / 1_000_000n), 10);

/** Levels (percent) that were reached and not yet announced, lowest first. */
export const newLevels = (state: Pick<BudgetState, "amount" | "spent">, levels: readonly number[], announced: readonly number[]): number[] =>
  levels.filter((level) => !announced.includes(level) && level <= percentSpent(state)).toSorted((a, b) => a - b);

/** The highest level before all is spent; 80 % where none was set. From then on it is shown to everybody whom it concerns. */
export const lastWarning = (levels: readonly number[]): number => levels.findLast((level) => level < 100) ?? 80;

/** Why a budget does not take a run, with the cures. */
export function refusalOf(name: string, state: BudgetState, hold: Decimal, currency: string): string {
  const left = leftOf(state);
  const money = (value: Decimal) => formatMoney(decimalText(value), currency);
  const has = compare(left, decimal("0")) > 0 ? `has ${money(left)} of ${money(state.amount)} left this month` : `has nothing of ${money(state.amount)} left this month`;
  return `The budget ${name} ${has}, and this run would be held at ${money(hold)}. Give it a shorter maxDuration or fewer resources, wait for other runs to end, or ask who manages budgets to raise it.`;
}
