"use client";
import { Anchor, SegmentedControl } from "@mantine/core";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryState } from "nuqs";
import type { ExperimentCost as Costed } from "../../domain/costs/cost-view.ts";
import { interestingFirst } from "../../domain/experiments/chart-model.ts";
import { type Direction, directionOf } from "../../domain/experiments/compare/baseline.ts";
import { type ExperimentGoal, parseGoal, printGoal } from "../../domain/experiments/goal.ts";
import { isId } from "../../domain/shared/id-format.ts";
import { formatNumber, plural } from "../../domain/shared/format.ts";
import { paths } from "../../paths.ts";
import { runsParams } from "../experiments/runs-params.ts";
import { LateSelect } from "../form/late-select.tsx";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { Name } from "../ui/id.tsx";
import { type Fact, KeyFacts } from "../ui/key-facts.tsx";
import { ErrorBox } from "../ui/query-error.tsx";
import { Money } from "./money.tsx";
import { AGAIN_MS, isLive } from "./provisional.ts";

/** What an experiment has cost, and what its best run took: by the metric that somebody picks, which is remembered for all. */
export function ExperimentCost({ id }: { id: string }) {
  const trpc = useTRPC();
  const [said, setSaid] = useQueryState("best", runsParams.best);
  const client = useQueryClient();
  const mayRemember = useCan("runs:annotate").ok;
  const asked = said === null ? null : parseGoal(said);
  const input = { id, ...(asked ? { goal: asked } : {}) };
  const query = useQuery({ ...trpc.costs.experiment.queryOptions(input), enabled: isId("experiment", id), placeholderData: keepPreviousData, refetchInterval: ({ state }) => (isLive(state.data?.provisional) ? AGAIN_MS : false) });
  const keys = useQuery({ ...trpc.table.keys.queryOptions({ experimentId: id }), enabled: isId("experiment", id) }).data?.metrics ?? [];
  const remember = useMutation(trpc.experiments.setGoal.mutationOptions({ onSuccess: () => client.invalidateQueries(trpc.costs.experiment.pathFilter()) }));
  const pick = (goal: ExperimentGoal) => {
    void setSaid(printGoal(goal));
    if (mayRemember) remember.mutate({ id, goal });
  };
  if (query.error) return <ErrorBox what="What the experiment cost could not be loaded" error={query.error} retry={() => void query.refetch()} />;
  const goal = asked ?? query.data?.goal ?? null;
  return (
    <section aria-label="Cost of the experiment">
      <KeyFacts items={[...totals(query.data), ...bestOf(query.data)]} />
      <div style={{ display: "flex", flexWrap: "wrap", alignItems: "center", gap: 8, minHeight: 30, margin: "8px 0 10px" }}>
        <span className="dim">Best run by</span>
        <Goal goal={goal} keys={keys} onPick={pick} />
      </div>
    </section>
  );
}

function totals(data: Costed | undefined): Fact[] {
  const none = <span className="dim">{data ? "No prices yet" : "—"}</span>;
  if (!data || data.isUnpriced) return [{ label: "Cost", value: none }, { label: "By run", value: <span className="dim">—</span> }];
  return [
    { label: "Cost", value: <><Money amount={data.amount} currency={data.currency} />{isLive(data.provisional) && <span className="dim"> · so far</span>}</> },
    { label: "By run", value: data.perRun === null ? <span className="dim">—</span> : <><Money amount={data.perRun} currency={data.currency} /> <span className="dim">{plural(data.runs, "run")}</span></> },
  ];
}

/** In their places before there is any: nothing moves when it comes. */
function bestOf(data: Costed | undefined): Fact[] {
  const none = <span className="dim">—</span>;
  if (!data?.best) return ["Best run", "It cost", "Spent until its end"].map((label) => ({ label, value: none }));
  const { best, currency, isUnpriced } = data;
  return [
    { label: "Best run", value: <Best best={best} /> },
    { label: "It cost", value: isUnpriced ? none : <Money amount={best.amount} currency={currency} /> },
    { label: "Spent until its end", value: isUnpriced ? none : <span title="What all runs of the experiment had cost by then: the cost of this best score"><Money amount={best.spent} currency={currency} /></span> },
  ];
}

function Best({ best: { id, name, score } }: { best: NonNullable<Costed["best"]> }) {
  const org = useOrg();
  return <><Anchor component={Link} href={paths.run(org, id)}><Name value={name} max={28} /></Anchor> <span className="dim" title={`${score}`}>{formatNumber(score)}</span></>;
}

function Goal({ goal, keys, onPick }: { goal: ExperimentGoal | null; keys: readonly string[]; onPick: (goal: ExperimentGoal) => void }) {
  const offered = interestingFirst(goal && !keys.includes(goal.metric) ? [...keys, goal.metric] : keys).slice(0, 200);
  if (offered.length === 0) return <span className="dim">No metric yet</span>;
  return (
    <>
      <LateSelect aria-label="Metric of the best run" placeholder="Pick a metric" size="xs" w={150} searchable data={offered} value={goal?.metric ?? null} onChange={(metric) => metric && onPick({ metric, better: directionOf(metric) ?? "higher" })} />
      {goal && <SegmentedControl size="xs" aria-label="Which is better" data={[{ value: "lower", label: "min" }, { value: "higher", label: "max" }]} value={goal.better} onChange={(better) => onPick({ ...goal, better: better as Direction })} />}
    </>
  );
}
