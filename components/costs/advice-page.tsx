"use client";
import { Anchor, Button } from "@mantine/core";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { dayName } from "../../domain/costs/days.ts";
import { formatMoney } from "../../domain/costs/money.ts";
import { type AdviceView, LOOKED_BACK_DAYS, type Recommendation } from "../../domain/costs/recommendation.ts";
import { causeWords, lastingWords, ratioWords } from "../../domain/costs/rise-notice.ts";
import type { Allowed } from "../../domain/experiments/run-view.ts";
import { paths } from "../../paths.ts";
import { ConfirmedCancel } from "../experiments/run/run-acts.tsx";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg, useViewer } from "../providers/viewer.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { Section } from "../ui/page-header.tsx";
import classes from "./advice.module.css";
import { CostsFrame } from "./costs-frame.tsx";
import { Stand } from "./costs-stand.tsx";
import { Money } from "./money.tsx";

/** What rose without being usual, and what would cost less. */
export function AdvicePage() {
  const org = useOrg();
  const manage = useCan("costs:manage");
  const advice = useSuspenseQuery(useTRPC().costs.advice.queryOptions()).data;
  return (
    <CostsFrame>
      <Stand stand={advice} of={advice.recent}><span>Reckoned from the last {LOOKED_BACK_DAYS} days: <Money amount={advice.recent.amount} currency={advice.currency} /></span></Stand>
      <Section title="What would cost less" count={advice.recommendations.length}>
        {advice.recommendations.length === 0 ? (
          <EmptyState title="Nothing to recommend">Accelerators that are held and not used, memory and cores that are asked for and never needed, spot capacity for what saves checkpoints, and cheaper clusters that fit show here, each with what it would save.</EmptyState>
        ) : (
          <ul className={classes.list}>{advice.recommendations.map((one) => <Advice key={one.id} of={one} currency={advice.currency} />)}</ul>
        )}
      </Section>
      <Section title="What rose unusually" count={advice.anomalies.length} actions={manage.ok ? <Button variant="default" size="compact-sm" component={Link} href={paths.schedules(org)}>Be told of it</Button> : undefined}>
        {advice.anomalies.length === 0 ? <NothingRose lastDay={advice.lastDay} /> : <ul className={classes.list}>{advice.anomalies.map((one) => <Rise key={`${one.key} ${one.from}`} of={one} currency={advice.currency} />)}</ul>}
      </Section>
    </CostsFrame>
  );
}

function NothingRose({ lastDay }: { lastDay: string | null }) {
  if (!lastDay) return <EmptyState title="No day is complete yet">A project&rsquo;s days are compared with its own weekdays of the six weeks before.</EmptyState>;
  return <EmptyState title="No project cost more than is usual for it">The last two weeks up to {dayName(lastDay)} were compared with each project&rsquo;s own weekdays of the six weeks before.</EmptyState>;
}

function Advice({ of, currency }: { of: Recommendation; currency: string }) {
  return (
    <li className={classes.item}>
      <div className={classes.words}>
        <div className={classes.title}>{of.title}</div>
        <div className={classes.why}>{of.why}</div>
      </div>
      <div className={classes.saving}><Money amount={of.saving} currency={currency} /><small>{of.per === "hour" ? "an hour" : "less in the last 30 days"}</small></div>
      <div className={classes.act}><ActButton of={of} /></div>
    </li>
  );
}

function ActButton({ of: { act } }: { of: Recommendation }) {
  const org = useOrg();
  const submit = useCan("runs:submit");
  if (!act) return <span className="dim">No cluster of it yet</span>;
  if (act.kind === "cancel") return <StopButton runId={act.runId} name={act.runName} allowed={act.allowed} />;
  return <Guarded allowed={submit}><Button variant="default" size="xs" component={Link} href={paths.newRun(org, act.runId, act.patch)}>{act.patch.cluster ? "New run there" : "New run with less"}</Button></Guarded>;
}

function StopButton({ runId, name, allowed }: { runId: string; name: string; allowed: Allowed }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  return (
    <ConfirmedCancel
      size="xs" run={{ id: runId, name }} allowed={allowed} reason="it held accelerators and did nothing with them" onDone={() => client.invalidateQueries(trpc.costs.advice.pathFilter())}
      effect="Its process is asked to stop, and has its grace period to save. Logs, metrics and artifacts up to then stay. It can be retried later."
    />
  );
}

function Rise({ of, currency }: { of: AdviceView["anomalies"][number]; currency: string }) {
  const org = useOrg();
  const { key, label, worst, extra, causes } = of;
  const slug = useViewer().projects.find(({ id }) => id === key)?.slug;
  const days = `${paths.costs(org)}?${new URLSearchParams({ ...(slug ? { project: slug } : {}), by: "experiment" }).toString()}`;
  return (
    <li className={classes.item}>
      <div className={classes.words}>
        <div className={classes.title}><Anchor component={Link} underline="always" href={days}>{label}</Anchor> cost {formatMoney(worst.amount, currency)} on {dayName(worst.day)}, {ratioWords(worst, currency)}</div>
        <div className={classes.why}>{lastingWords(of)} {causeWords(causes)}</div>
      </div>
      <div className={classes.saving}><Money amount={extra} currency={currency} /><small>more than usual</small></div>
      <div className={classes.act}><Button variant="default" size="xs" component={Link} href={days}>See its days</Button></div>
    </li>
  );
}
