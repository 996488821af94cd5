"use client";
import { Anchor } from "@mantine/core";
import Link from "next/link";
import type { RunDetail } from "../../../domain/experiments/run-view.ts";
import { paths } from "../../../paths.ts";
import { useOrg } from "../../providers/viewer.tsx";
import { Id, Name } from "../../ui/id.tsx";
import { type Fact, KeyFacts } from "../../ui/key-facts.tsx";
import { Ago, Duration } from "../../ui/time.tsx";
import { RunCost } from "../../costs/run-cost.tsx";
import { resourcesWords } from "../resources.tsx";

/** Who, where, with what, for how long: the strip under a run's name. */
export function RunFacts({ run, short }: { run: RunDetail; short?: boolean }) {
  const org = useOrg();
  const attempt = run.attempts.at(-1);
  const where = run.cluster ?? attempt?.cluster;
  const { spec } = run;
  const items: Fact[] = !spec ? elsewhere(run) : [
    { label: "Owner", value: <><Name value={run.owner.name} max={24} /> <span className="dim" style={nowrap}><Ago at={run.createdAt} /></span></> },
    { label: "Cluster", value: where ? <><Anchor component={Link} underline="always" href={paths.cluster(org, where.id)}>{where.name}</Anchor>{" "}{attempt && attempt.nodeNames.length > 0 && <span className="dim">{attempt.nodeNames.length === 1 ? <Name value={attempt.nodeNames[0]!} max={24} /> : `${attempt.nodeNames.length} nodes`}</span>}</> : <span className="dim">Not placed yet</span> },
    { label: "Resources", value: resourcesWords(run, spec.resources.gpuModel).replace(/(\d) /g, "$1\u00a0") }, // no line breaks between a number and its unit,
    { label: "Attempt", value: attempt ? <>{attempt.number}{spec.retry.max > 0 && <span className="dim"> · {spec.retry.max === 1 ? "one retry" : `${spec.retry.max} retries`} allowed</span>}</> : <span className="dim">None yet</span> },
    { label: "Duration", value: <Duration from={run.startedAt} to={run.endedAt} /> },
    ...(run.idleUntil === null ? [] : [{ label: "Stops unless used", value: <Ago at={new Date(run.idleUntil)} /> }]),
    ...(run.startedAt ? [{ label: "Cost", value: <RunCost id={run.id} /> }] : []),
  ];
  if (!short) items.push({ label: "Project", value: <><Anchor component={Link} href={`${paths.runs(org)}?project=${run.project.slug}`}>{run.project.name}</Anchor> <span className="dim">/</span> <Anchor component={Link} href={`${paths.runs(org)}?experiment=${run.experiment.id}`}>{run.experiment.name}</Anchor></> });
  items.push({ label: "Run id", value: <Id value={run.id} /> });
  return <KeyFacts items={items} />;
}

/** Of a run that a client makes: it is on no cluster of ours and has no attempts. */
function elsewhere(run: RunDetail): Fact[] {
  const source = run.tags["mlflow.source.name"];
  return [
    { label: "Logged by", value: <><Name value={run.owner.name} max={24} /> <span className="dim" style={nowrap}><Ago at={run.createdAt} /></span></> },
    { label: "Runs", value: <>Elsewhere <span className="dim">· a client logs it</span></> },
    { label: "User", value: run.clientUser ? <Name value={run.clientUser} max={24} /> : <span className="dim">—</span> },
    { label: "Source", value: source ? <Name value={source} max={40} /> : <span className="dim">—</span> },
    { label: "Duration", value: <Duration from={run.startedAt} to={run.endedAt} /> },
  ];
}

const nowrap = { whiteSpace: "nowrap" } as const;
