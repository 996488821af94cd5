"use client";
import { SegmentedControl } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { lazy, useState } from "react";
import { KIND_LABEL, KIND_UNIT } from "../../domain/costs/metering.ts";
import type { ReviewLine, ReviewRow, ReviewsView, WitnessStand } from "../../domain/costs/review-view.ts";
import { hoursOf, SLACK_SECONDS } from "../../domain/costs/witness.ts";
import { plural } from "../../domain/shared/format.ts";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { DialogButton } from "../ui/dialog-button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { FilterBar } from "../ui/filters.tsx";
import { Name } from "../ui/id.tsx";
import { Section } from "../ui/page-header.tsx";
import { ToneIcon } from "../ui/status-badge.tsx";
import { Ago } from "../ui/time.tsx";
import { CostsFrame } from "./costs-frame.tsx";
import { type ReviewState, reviewsParams } from "./costs-params.ts";
import { Money } from "./money.tsx";
import classes from "./costs.module.css";

const ResolveReviewsForm = lazy(() => import("./resolve-reviews.tsx").then((module) => ({ default: module.ResolveReviewsForm })));
const EMPTY: Record<ReviewState, { title: string; says: string }> = {
  open: { title: "Nothing contradicts what is counted", says: "Claims of one accelerator by two attempts show here, and runs of which Slurm's accounting says something else than the agent's journal." },
  resolved: { title: "Nothing was resolved yet", says: "What somebody found of a discrepancy is kept here." },
};

/** What contradicts what is counted, until somebody has said what holds. Saying so changes no usage and no charge. */
export function ReviewsPage() {
  const [{ state }, setParams] = useQueryStates(reviewsParams);
  const view = useSuspenseQuery(useTRPC().costs.reviews.queryOptions({ state })).data;
  return (
    <CostsFrame>
      <FilterBar>
        <SegmentedControl size="xs" aria-label="State" data={[{ value: "open", label: "Open" }, { value: "resolved", label: "Resolved" }]} value={state} onChange={(next) => void setParams({ state: next as ReviewState })} />
      </FilterBar>
      <Reviews key={state} view={view} state={state} />
      {view.witnesses.length > 0 && (
        <Section title="Second witnesses" count={view.witnesses.length}>
          <DataTable label="Second witnesses" rows={view.witnesses} rowKey={(row) => row.clusterId} columns={WITNESSES} flat keys={false} empty={<EmptyState title="No cluster has one" />} />
          <p className={classes.stand}><span>They agree while they differ by less than {String(SLACK_SECONDS)} s for each time that a job started, or by a thousandth. Counted over the last 30 days.</span></p>
        </Section>
      )}
    </CostsFrame>
  );
}

function Reviews({ view, state }: { view: ReviewsView; state: ReviewState }) {
  const org = useOrg();
  const may = useCan("costs:manage");
  const [chosen, setChosen] = useState<string[]>([]);
  const selected = chosen.filter((id) => view.rows.some((row) => row.id === id)); // others may have resolved some meanwhile
  const title = `Resolve ${plural(selected.length, "discrepancy", "discrepancies")}`;
  const choice = state === "open" ? { selected, onSelect: setChosen, bulkActions: <DialogButton label="Resolve" title={title} size="xs" allowed={may} form={(close) => <ResolveReviewsForm ids={selected} onDone={close} />} /> } : {};
  return (
    <>
      <DataTable label="Discrepancies" noun={["discrepancy", "discrepancies"]} rows={view.rows} rowKey={(row) => row.id} columns={columnsOf(view.currency, state)} {...choice} empty={<EmptyState title={EMPTY[state].title}>{EMPTY[state].says}</EmptyState>} href={(row) => (row.run ? paths.run(org, row.run.id) : paths.clusters(org))} />
      {view.hasMore && <p className={classes.stand}><span>Only the newest {view.rows.length} are shown.</span></p>}
    </>
  );
}

/** One line of the cell for each resource in which the two differ. */
function Each({ row, render }: { row: ReviewRow; render: (line: ReviewLine) => React.ReactNode }) {
  const lines = row.lines.filter(({ agrees }) => !agrees);
  return lines.length === 0 ? <span className="dim">—</span> : <div className={classes.each}>{lines.map((line) => <div key={line.kind}>{render(line)}</div>)}</div>;
}

const hours = (seconds: string, { kind }: ReviewLine) => <span title={`${seconds} ${KIND_UNIT[kind].replace("hour", "second")}s`}>{hoursOf(seconds).replace("-", "−")} <span className="dim">{KIND_UNIT[kind].replace("-hour", " h")}</span></span>;

const columnsOf = (currency: string, state: ReviewState): Column<ReviewRow>[] => [
  { key: "run", title: "Run", width: 170, link: true, render: (row) => <Name value={row.run?.name ?? row.cluster} max={24} /> },
  { key: "message", title: state === "open" ? "What differs" : "What was found", grow: true, hideBelow: "sm", render: (row) => <span title={row.message}>{state === "open" ? row.message : row.note}</span> },
  { key: "cluster", title: "Cluster", hideBelow: "xl", render: (row) => <Name value={row.cluster} max={20} /> },
  { key: "kind", title: "Resource", hideBelow: "md", render: (row) => <Each row={row} render={({ kind }) => KIND_LABEL[kind]} /> },
  { key: "counted", title: "Counted", align: "right", hideBelow: "md", render: (row) => <Each row={row} render={(line) => hours(line.counted, line)} /> },
  { key: "witnessed", title: "Slurm says", align: "right", hideBelow: "md", render: (row) => <Each row={row} render={(line) => hours(line.witnessed, line)} /> },
  { key: "difference", title: "Difference", align: "right", render: (row) => <Each row={row} render={(line) => hours(line.difference, line)} /> },
  { key: "amount", title: "Comes to", align: "right", hideBelow: "xs", render: (row) => <Each row={row} render={({ amount }) => (amount === null ? <span className="dim" title="Nothing of it was priced">—</span> : <Money amount={amount} currency={currency} />)} /> },
  state === "open"
    ? { key: "opened", title: "Opened", align: "right", hideBelow: "lg", render: (row) => <Ago at={row.openedAt} /> }
    : { key: "resolved", title: "Resolved", align: "right", hideBelow: "sm", render: (row) => <>{row.resolvedBy} <span className="dim">{row.resolvedAt && <Ago at={row.resolvedAt} />}</span></> },
];

const WITNESSES: Column<WitnessStand>[] = [
  { key: "cluster", title: "Cluster", width: 190, render: (row) => <Name value={row.cluster} max={28} /> },
  { key: "source", title: "Witness", grow: true, render: (row) => <span className={classes.state} title={row.trouble ?? undefined}><ToneIcon icon={row.trouble === null ? "check" : "triangle"} tone={row.trouble === null ? "good" : "warn"} /> {row.trouble ?? "Slurm's accounting"}</span> },
  { key: "agreed", title: "Runs that agree", align: "right", hideBelow: "xs", render: (row) => row.agreed },
  { key: "differed", title: "That differ", align: "right", render: (row) => row.differed },
  { key: "heard", title: "Heard", align: "right", hideBelow: "sm", render: (row) => <Ago at={row.heardAt} /> },
];
