"use client";
import { Button } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { FindingView } from "../../domain/clusters/cluster-view.ts";
import { plural } from "../../domain/shared/format.ts";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { confirmAct } from "../ui/confirm.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { notifyDone, notifyError } from "../ui/notify.ts";
import { Ago } from "../ui/time.tsx";
import { WhyBox } from "../ui/why-box.tsx";
import classes from "./clusters.module.css";
import { DrainButton } from "./drain-button.tsx";
import { RunName } from "./nodes/run-name.tsx";
import { useRefreshClusters } from "./use-cluster.ts";

/** Looked for anew while the page is seen: time alone may make or end a finding. */
const LOOK_EVERY_MS = 60_000;

/** Nodes of a cluster that should take no new work, each with its evidence and what to do. */
export function ClusterFindings({ id }: { id: string }) {
  const findings = useSuspenseQuery({ ...useTRPC().clusters.findings.queryOptions({ id }), refetchInterval: LOOK_EVERY_MS }).data;
  if (findings.length === 0) return null;
  return <div className={classes.findings} role="region" aria-label="Findings">{findings.map((finding) => <Finding key={`${finding.nodeId} ${finding.key}`} finding={finding} />)}</div>;
}

function Finding({ finding }: { finding: FindingView }) {
  const { nodeId, node, says, advice, tone, runs, runsAre, liveRuns } = finding;
  const trpc = useTRPC();
  const refresh = useRefreshClusters();
  const allowed = useCan("clusters:drain");
  const aside = useMutation(trpc.clusters.setAside.mutationOptions({ onSuccess: () => { notifyDone(`Set aside until ${node} says something new.`); return refresh(); }, onError: notifyError("The finding was not set aside") }));
  const ask = () => confirmAct({ title: "Set this finding aside?", effect: `${says} It is not shown again until something new is seen. ${node} goes on taking work.`, verb: "Set aside", dangerous: false, onConfirm: () => aside.mutate({ nodeId, key: finding.key }) });
  const acts = (
    <div className={classes.findingActs}>
      <Guarded allowed={allowed}><Button variant="default" size="compact-sm" loading={aside.isPending} onClick={ask}>Set aside</Button></Guarded>
      <DrainButton target={{ kind: "node", id: nodeId, name: node, drained: false, runs: liveRuns }} reason={says} size="compact-sm" />
    </div>
  );
  const evidence = runs.length > 0 && <ul className={classes.findingRuns}>{runs.map((run) => <li key={`${run.id} ${run.at.getTime()}`}><RunName run={run} max={40} /> <span className="dim">· {run.how} · <Ago at={run.at} /></span></li>)}</ul>;
  return <WhyBox tone={tone} title={says} detail={advice} action={acts} evidenceLabel={runsAre}>{evidence || undefined}</WhyBox>;
}

/** On the overview: that there is something to look at, and where. */
export function FindingsNotice() {
  return useCan("clusters:read").ok ? <Notice /> : null;
}

function Notice() {
  const org = useOrg();
  const findings = useSuspenseQuery({ ...useTRPC().clusters.findings.queryOptions({}), refetchInterval: LOOK_EVERY_MS }).data;
  const [worst] = findings;
  if (!worst) return null;
  const others = new Set(findings.map(({ nodeId }) => nodeId)).size - 1;
  return (
    <WhyBox
      tone={worst.tone}
      title={worst.says}
      detail={`${worst.cluster.name}: ${worst.node} should take no new work.${others > 0 ? ` Neither should ${plural(others, "other node")}.` : ""}`}
      action={<Button component={Link} href={paths.cluster(org, worst.cluster.id)} variant="default" size="compact-sm">Look at it</Button>}
    />
  );
}
