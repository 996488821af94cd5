"use client";
import { Button } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { type BudgetPolicy, lastWarning } from "../../domain/costs/budget.ts";
import type { BudgetView } from "../../domain/costs/cost-view.ts";
import { formatMoney } from "../../domain/costs/money.ts";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { WhyBox } from "../ui/why-box.tsx";

/** The tightest budget that the viewer may know of, once it is nearly or wholly used up. */
export function BudgetNotice() {
  return useCan("costs:read").ok ? <Notice /> : null;
}

const EFFECT: Record<BudgetPolicy, string> = { warn: "Nothing is refused.", block: "New runs are refused until it is raised or the month ends.", drain: "Its runs wait, with their checkpoints, until it is raised or the month ends." };

function Notice() {
  const org = useOrg();
  const { budgets, currency } = useSuspenseQuery(useTRPC().costs.budgets.queryOptions()).data;
  const tight = budgets.filter((one) => one.archivedAt === null && one.percent >= lastWarning(one.levels));
  const [worst] = tight; // the list begins with the tightest
  if (!worst) return null;
  const isUsedUp = worst.percent >= 100;
  const others = tight.length > 1 ? ` ${tight.length - 1} more ${tight.length === 2 ? "is" : "are"} close to it.` : "";
  return (
    <WhyBox
      tone={isUsedUp && worst.policy !== "warn" ? "bad" : "warn"}
      title={isUsedUp ? `The budget ${worst.name} is used up. ${EFFECT[worst.policy]}` : leftWords(worst, currency)}
      detail={`${formatMoney(worst.spent, currency)} of ${formatMoney(worst.amount, currency)} this month.${others}`}
      action={<Button component={Link} href={paths.budgets(org)} variant="default" size="compact-sm">Budgets</Button>}
    />
  );
}

const leftWords = ({ name, left, forecast }: BudgetView, currency: string): string =>
  `The budget ${name} has ${formatMoney(left, currency)} left${forecast ? `; the month should end at ${formatMoney(forecast.p50, currency)}` : ""}.`;
