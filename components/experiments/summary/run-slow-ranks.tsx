"use client";
import { useQuery } from "@tanstack/react-query";
import type { RunDetail } from "../../../domain/experiments/run-view.ts";
import { TERMINAL } from "../../../domain/experiments/run-status.ts";
import { SlowRanksBox } from "../../clusters/slow-ranks.tsx";
import { useTRPC } from "../../providers/api.tsx";
import classes from "../experiments.module.css";

const LOOK_EVERY_MS = 60_000;

/** Whether some of the run's ranks keep the others waiting. Of a run that ended too: the next one may start there. */
export function RunSlowRanks({ run }: { run: RunDetail }) {
  const { data } = useQuery({ ...useTRPC().experiments.slowRanks.queryOptions({ id: run.id }), refetchInterval: TERMINAL.has(run.status) ? false : LOOK_EVERY_MS });
  return data ? <div className={classes.why}><SlowRanksBox found={data} /></div> : null;
}
