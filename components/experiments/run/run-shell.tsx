"use client";
import { useSuspenseQuery } from "@tanstack/react-query";
import { reasonLine } from "../../../domain/experiments/why.ts";
import type { RunDetail } from "../../../domain/experiments/run-view.ts";
import { canMove, TERMINAL } from "../../../domain/experiments/run-status.ts";
import { paths, RUN_TABS } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { PublishCrumbs } from "../../shell/crumbs.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { TabLinks } from "../../ui/tab-links.tsx";
import { Ago, Duration } from "../../ui/time.tsx";
import classes from "../experiments.module.css";
import { CancelButton, CloneButton, RetryButton } from "./run-acts.tsx";
import { EnterButton } from "./open-app.tsx";
import { RunFacts } from "./run-facts.tsx";

const LABELS = { summary: "Summary", charts: "Charts", logs: "Logs", terminal: "Terminal", artifacts: "Artifacts", timeline: "Timeline", spec: "Spec", compare: "Compare" } as const;

/** What every tab of a run shares: name, status and why, the acts, the facts, the tabs. */
export function RunShell({ id, children }: { id: string; children: React.ReactNode }) {
  const trpc = useTRPC();
  const org = useOrg();
  const run = useSuspenseQuery(trpc.experiments.get.queryOptions({ id })).data;
  const tabs = RUN_TABS.map((tab) => ({ href: paths.runTab(org, id, tab), label: LABELS[tab] }));
  return (
    <>
      <PublishCrumbs crumbs={[{ label: "Runs", href: paths.runs(org) }, { label: run.name }]} />
      <PageHeader title={run.name} badge={<StatusBadge status={run.status} live="Run status" />} subtitle={<Reason run={run} />} actions={<Acts run={run} />} />
      <RunFacts run={run} />
      <TabLinks tabs={tabs} label="Run" />
      {children}
    </>
  );
}

function Reason({ run }: { run: RunDetail }) {
  const reason = reasonLine(run);
  const when = TERMINAL.has(run.status) ? <Ago at={run.statusSince} /> : <>for <Duration from={run.statusSince} /></>;
  return <div className={classes.headerReason}>{reason ? <>{reason} · </> : null}{when}</div>;
}

/** The act that fits the state comes first; what cannot be done stays visible with its reason. */
function Acts({ run }: { run: RunDetail }) {
  if (run.origin === "client") return null; // every act would be the client's
  const live = canMove(run.status, "cancel") || run.status === "cancelling";
  return (
    <>
      {run.spec?.interactive && live && <EnterButton run={run} app={run.spec.interactive.app} />}
      <CloneButton run={run} />
      {live ? <CancelButton run={run} /> : <RetryButton run={run} />}
    </>
  );
}
