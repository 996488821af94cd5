"use client";
import { useQuery } from "@tanstack/react-query";
import type { SlowRanks } from "../../domain/clusters/slow-ranks.ts";
import { formatNumber } from "../../domain/shared/format.ts";
import { useTRPC } from "../providers/api.tsx";
import { WhyBox } from "../ui/why-box.tsx";
import classes from "./clusters.module.css";
import { RunName } from "./nodes/run-name.tsx";

const LOOK_EVERY_MS = 60_000;

/** Ranks that keep the others of their run waiting, with how much longer their steps take. */
export function SlowRanksBox({ found, run }: { found: SlowRanks; run?: { id: string; name: string } }) {
  return (
    <WhyBox tone="warn" title={run ? <><RunName run={run} max={40} />: {found.says}</> : found.says} detail={found.advice} evidenceLabel="the slow ranks">
      <ul className={classes.findingRuns}>{found.ranks.map(({ rank, node, ratio }) => <li key={rank}>Rank {rank} on {node} <span className="dim">· {formatNumber(ratio, 2)} times the median step of the other {found.of - 1}</span></li>)}</ul>
    </WhyBox>
  );
}

/** In the runs that are on a cluster now. */
export function ClusterSlowRanks({ id }: { id: string }) {
  const slow = useQuery({ ...useTRPC().clusters.slowRanks.queryOptions({ id }), refetchInterval: LOOK_EVERY_MS }).data ?? [];
  if (slow.length === 0) return null;
  return <div className={classes.findings} role="region" aria-label="Slow ranks">{slow.map(({ run, found }, at) => <SlowRanksBox key={run.id || at} run={run} found={found} />)}</div>;
}
