import { z } from "zod";
import { BudgetId } from "../shared/ids.ts";
import { BUDGET_POLICIES, BUDGET_SCOPES } from "./budget.ts";

const AMOUNT = /^(?=.*[1-9])\d{1,12}(\.\d{1,8})?$/;
const Amount = z.string().trim().regex(AMOUNT, "Write it as plain digits above zero, such as 500 or 1250.50.");
const Name = z.string().trim().min(1, "Give it a name.").max(64);
const Levels = z
  .array(z.int("Levels are whole percents.").min(1, "The lowest level is 1 %.").max(500, "The highest level is 500 %."))
  .max(10, "At most ten levels.")
  .transform((levels) => [...new Set(levels)].sort((a, b) => a - b));

export const CreateBudget = z.strictObject({
  name: Name,
  scope: z.strictObject({ type: z.enum(BUDGET_SCOPES), id: z.string().min(1, "Choose whose budget it is.").max(64) }),
  amount: Amount,
  levels: Levels.default([50, 80, 100]),
  policy: z.enum(BUDGET_POLICIES),
});
export type CreateBudget = z.output<typeof CreateBudget>;
/** What it is for stays: a budget of something else is another one. */
export const ChangeBudget = z.strictObject({ id: BudgetId, name: Name, amount: Amount, levels: Levels, policy: z.enum(BUDGET_POLICIES) });
export type ChangeBudget = z.output<typeof ChangeBudget>;
export const OneBudget = z.strictObject({ id: BudgetId });
