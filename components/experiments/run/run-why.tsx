"use client";
import { Anchor } from "@mantine/core";
import Link from "next/link";
import type { RunDetail } from "../../../domain/experiments/run-view.ts";
import { plainLine } from "../../../domain/experiments/log-lines.ts";
import { plural } from "../../../domain/shared/format.ts";
import { type Why, whyOf } from "../../../domain/experiments/why.ts";
import { paths } from "../../../paths.ts";
import { RunQueueFacts } from "../../queue/run-queue-facts.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { Ago } from "../../ui/time.tsx";
import { WhyBox } from "../../ui/why-box.tsx";
import classes from "../experiments.module.css";
import { NextStepButton } from "./run-acts.tsx";

/** Why the run waits, is out of reach or ended badly, with the proof and the one best next step. Nothing while it simply runs. */
export function RunWhy({ run }: { run: RunDetail }) {
  const why = whyOf(run);
  if (!why) return null;
  const evidence = evidenceOf(why);
  return (
    <div className={classes.why}>
      <WhyBox tone={why.tone} title={why.title} detail={<><Detail why={why} />{run.status === "queued" && <RunQueueFacts id={run.id} fitsNowhere={run.pending?.kind === "never"} className={classes.whyFacts} />}</>} action={why.next && <NextStepButton run={run} step={why.next} />} evidenceLabel={evidence.label}>
        {evidence.body}
      </WhyBox>
    </div>
  );
}

/** What is always shown under the sentence. */
function Detail({ why }: { why: Why }) {
  return (
    <>
      {why.detail && <div className="prose">{why.detail}</div>}
      {(why.facts.length > 0 || why.moment) && (
        <dl className={classes.whyFacts}>
          {why.moment && <div><dt>{why.moment.label}</dt><dd><Ago at={why.moment.at} />{why.moment.basis && <span className="dim"> · {why.moment.basis}</span>}</dd></div>}
          {why.facts.map((fact) => <div key={fact.label}><dt>{fact.label}</dt><dd>{fact.value}</dd></div>)}
        </dl>
      )}
    </>
  );
}

function evidenceOf(why: Why): { label: string; body: React.ReactNode } {
  if (why.lines.length > 0) return { label: why.lines.length === 1 ? "the last line" : `the last ${plural(why.lines.length, "line")}`, body: <pre className={classes.lines} tabIndex={0} aria-label="Last lines of the log">{why.lines.map(plainLine).join("\n")}</pre> };
  if (why.clusters.length > 0) return { label: `what ${why.clusters.length === 1 ? "the cluster lacks" : "each cluster lacks"}`, body: <ClusterReasons clusters={why.clusters} /> };
  return { label: "", body: null };
}

/** One line per cluster: its name and what stands in the way there. */
export function ClusterReasons({ clusters }: { clusters: { clusterId: string; name: string; reason: string }[] }) {
  const org = useOrg();
  return (
    <ul className={classes.whyClusters}>
      {clusters.map((cluster) => <li key={cluster.clusterId}><Anchor component={Link} underline="always" href={paths.cluster(org, cluster.clusterId)}>{cluster.name}</Anchor><span>{cluster.reason}</span></li>)}
    </ul>
  );
}
