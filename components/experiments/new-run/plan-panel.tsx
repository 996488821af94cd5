"use client";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { PlanCost } from "../../../domain/costs/cost-view.ts";
import { costInWords } from "../../../domain/costs/plan-words.ts";
import type { Plan } from "../../../domain/experiments/run-view.ts";
import type { RunSpec } from "../../../domain/experiments/run-spec.ts";
import { plural } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { ToneIcon } from "../../ui/status-badge.tsx";
import type { StatusIcon, Tone } from "../../ui/status-tones.ts";
import { Ago } from "../../ui/time.tsx";
import { useDraft } from "./draft-context.tsx";
import classes from "./new-run.module.css";

const LOOK: Record<Plan["verdict"], { tone: Tone; icon: StatusIcon; word: string }> = {
  now: { tone: "good", icon: "check", word: "Starts now" },
  later: { tone: "warn", icon: "clock", word: "Waits" },
  never: { tone: "bad", icon: "cross", word: "Cannot run" },
};
const DEBOUNCE_MS = 350;

/** Where and when it would run, as one types. */
export function PlanPanel() {
  const { document } = useDraft();
  const [spec] = useDebouncedValue(document.spec, DEBOUNCE_MS);
  return (
    <section aria-label="Plan" aria-live="polite">
      <h2 style={{ margin: "0 0 6px" }}>Plan</h2>
      <div className={classes.plan}>{spec ? <PlanOf spec={spec} /> : <NotYet />}</div>
    </section>
  );
}

function NotYet() {
  const { document } = useDraft();
  const count = document.issues.length;
  return <span className={classes.planMore}>{count > 0 ? `Shown once ${count === 1 ? "one thing is" : `${count} things are`} filled in or corrected.` : "…"}</span>;
}

function PlanOf({ spec }: { spec: RunSpec }) {
  const trpc = useTRPC();
  const { data: plan, error, isPlaceholderData } = useQuery({ ...trpc.experiments.plan.queryOptions({ spec }), placeholderData: keepPreviousData, staleTime: 10_000, refetchInterval: 20_000 });
  if (error) return <Refused error={error} />;
  if (!plan) return <span className={classes.planMore}>Asking every cluster…</span>;
  const look = LOOK[plan.verdict];
  return (
    <div style={{ opacity: isPlaceholderData ? 0.6 : 1, display: "grid", gap: 6 }}>
      <div className={classes.planTitle}>
        <span style={{ alignSelf: "center", display: "flex" }}><ToneIcon icon={look.icon} tone={look.tone} /></span>
        <span style={{ color: `var(--tone-${look.tone})` }}>{look.word}</span>
      </div>
      <div>{plan.message}</div>
      {plan.verdict !== "never" && (plan.earliestAt !== null || plan.ahead > 0) && (
        <div className={classes.planMore}>
          {plan.earliestAt !== null && <>May start <Ago at={new Date(plan.earliestAt)} />{plan.basis ? `: ${plan.basis}` : "."} </>}
          {plan.ahead > 0 && <>{plural(plan.ahead, "run")} ahead of it.</>}
        </div>
      )}
      {plan.end && <div className={classes.planMore}>{plan.end}</div>}
      {plan.reserved && <div className={classes.planMore}>{plan.reserved}</div>}
      {plan.cost && <PlanMoney cost={plan.cost} />}
      {plan.clusters.length > 0 && (
        <ul className={classes.planList} aria-label="Clusters">
          {plan.clusters.map((cluster) => <li key={cluster.id}><ToneIcon icon={LOOK[cluster.verdict].icon} tone={LOOK[cluster.verdict].tone} /><span>{cluster.name}</span><span className={classes.planMore}>{cluster.reason}</span></li>)}
        </ul>
      )}
    </div>
  );
}

function PlanMoney({ cost }: { cost: PlanCost }) {
  const words = costInWords(cost);
  return (
    <>
      {words && <div className={classes.planMore}>{words}</div>}
      {cost.refusal && <div role="alert" style={{ color: "var(--tone-bad)" }}>{cost.refusal}</div>}
    </>
  );
}

function Refused({ error }: { error: unknown }) {
  const { message, data } = error as { message: string; data?: { issues?: { field: string; message: string }[] } | null };
  return (
    <>
      <div className={classes.planTitle} style={{ color: "var(--tone-bad)" }}>It would be refused</div>
      <div>{message}</div>
      {data?.issues && data.issues.length > 1 && <ul className={classes.planMore}>{data.issues.map((issue) => <li key={issue.field}>{issue.field}: {issue.message}</li>)}</ul>}
    </>
  );
}
