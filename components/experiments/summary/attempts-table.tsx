"use client";
import { addedUp } from "../../../domain/costs/decimal.ts";
import { isWasted } from "../../../domain/costs/split.ts";
import type { AttemptView, RunDetail } from "../../../domain/experiments/run-view.ts";
import { paths } from "../../../paths.ts";
import { plural } from "../../../domain/shared/format.ts";
import { Stand } from "../../costs/costs-stand.tsx";
import { Money } from "../../costs/money.tsx";
import { useRunCost } from "../../costs/run-cost.tsx";
import { useCan, useOrg } from "../../providers/viewer.tsx";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { Section } from "../../ui/page-header.tsx";
import { Bytes } from "../../ui/sizes.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Ago, Duration } from "../../ui/time.tsx";

function end(attempt: AttemptView): string {
  if (attempt.signal) return attempt.signal;
  return attempt.exitCode === null ? "—" : `exit ${attempt.exitCode}`;
}

type Costed = AttemptView & { cost: React.ReactNode };
const COLUMNS: Column<Costed>[] = [
  { key: "number", title: "Attempt", link: true, width: 80, render: (attempt) => `#${attempt.number}` },
  { key: "status", title: "Status", render: (attempt) => <StatusBadge status={attempt.outcome ?? attempt.status} /> },
  { key: "cluster", title: "Cluster", hideBelow: "sm", grow: true, render: (attempt) => <>{attempt.cluster.name}{attempt.nodeNames.length > 0 && <span className="dim"> · {attempt.nodeNames.join(", ")}</span>}{attempt.scheduler && <span className="dim"> · job {attempt.scheduler.job}</span>}</> },
  { key: "gpus", title: "GPUs", hideBelow: "lg", render: (attempt) => (attempt.acceleratorIndexes.length > 0 ? attempt.acceleratorIndexes.join(", ") : <span className="dim">—</span>) },
  { key: "end", title: "Ended with", hideBelow: "md", render: (attempt) => <>{end(attempt)}{attempt.failureClass && <span className="dim"> · {attempt.failureClass}</span>}</> },
  { key: "duration", title: "Duration", align: "right", render: (attempt) => <Duration from={attempt.startedAt} to={attempt.endedAt} /> },
  { key: "cost", title: "Cost", align: "right", render: (attempt) => attempt.cost },
  { key: "log", title: "Log", align: "right", hideBelow: "md", render: (attempt) => <Bytes value={attempt.log.bytes} /> },
  { key: "started", title: "Placed", align: "right", hideBelow: "sm", render: (attempt) => <Ago at={attempt.assignedAt} /> },
];

/** Every try of the run, the newest first. A row opens its log. */
export function AttemptsTable({ run }: { run: RunDetail }) {
  const org = useOrg();
  const seesCosts = useCan("costs:read").ok;
  const cost = useRunCost(run.id, run.attempts.length > 0);
  if (run.attempts.length === 0) return null;
  const isPriced = cost !== undefined && !cost.isUnpriced;
  const of = new Map(isPriced ? cost.attempts.map(({ id, amount }) => [id, amount]) : []);
  const costed = (attempt: AttemptView): Costed => {
    const amount = of.get(attempt.id);
    return { ...attempt, cost: isPriced && amount !== undefined ? <Money amount={amount} currency={cost.currency} /> : <span className="dim">—</span> };
  };
  const failed = run.attempts.filter(isWasted);
  return (
    <Section title="Attempts" count={run.attempts.length}>
      {isPriced && failed.length > 0 && <p className="dim" style={{ margin: "8px 0 4px" }}>{plural(run.attempts.length, "attempt")}, <Money amount={addedUp(failed.map(({ id }) => of.get(id) ?? "0"))} currency={cost.currency} /> of <Money amount={cost.amount} currency={cost.currency} /> in {failed.length === 1 ? "one that" : `${failed.length} that`} failed or {failed.length === 1 ? "was" : "were"} given up</p>}
      <DataTable flat keys={false} label="Attempts" rows={run.attempts.toReversed().map(costed)} rowKey={(attempt) => attempt.id} columns={seesCosts ? COLUMNS : COLUMNS.filter(({ key }) => key !== "cost")} href={(attempt) => `${paths.runTab(org, run.id, "logs")}?attempt=${attempt.number}`} empty={null} />
      {isPriced && <Stand stand={cost} of={cost} />}
    </Section>
  );
}
