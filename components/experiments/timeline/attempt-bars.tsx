"use client";
import { useMounted } from "@mantine/hooks";
import type { AttemptView, RunDetail } from "../../../domain/experiments/run-view.ts";
import { attemptBars } from "../../../domain/experiments/attempt-bars.ts";
import { formatSeconds } from "../../../domain/shared/format.ts";
import { useNow } from "../../ui/now.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { STATUS_LOOK } from "../../ui/status-tones.ts";
import { Moment } from "../../ui/time.tsx";
import classes from "./timeline.module.css";

const lookOf = (attempt: AttemptView) => STATUS_LOOK[attempt.outcome ?? attempt.status];

/** Waiting and running over time, a row per attempt, from the submit to the end or now. */
export function AttemptBars({ run }: { run: RunDetail }) {
  const now = useNow();
  const mounted = useMounted(); // shares of a span that ends now differ between server and browser
  const { rows, seconds } = attemptBars({ from: run.createdAt.getTime(), to: run.endedAt?.getTime() ?? now, attempts: run.attempts });
  if (rows.length === 0) return null;
  if (!mounted) return <div style={{ height: rows.length * 26 + 40 }} aria-busy="true" />;
  return (
    <div className={classes.bars}>
      {rows.map((row) => {
        const attempt = run.attempts.find((one) => one.number === row.number)!;
        return (
          <div key={row.number} className={classes.barRow}>
            <span className={classes.barName}>#{row.number} <StatusBadge status={attempt.outcome ?? attempt.status} /></span>
            <span className={classes.track} role="img" aria-label={`Attempt ${row.number}: waited ${formatSeconds(row.waitSeconds)}, ran ${formatSeconds(row.runSeconds)}`}>
              <span className={classes.wait} style={{ left: `${row.waitFrom * 100}%`, width: `${row.waitShare * 100}%` }} title={`In the queue for ${formatSeconds(row.waitSeconds)}`} />
              <span className={classes.setup} style={{ left: `${row.setupFrom * 100}%`, width: `${row.setupShare * 100}%` }} title={`Set up in ${formatSeconds(row.setupSeconds)}`} />
              <span className={classes.run} data-tone={lookOf(attempt).tone} style={{ left: `${row.runFrom * 100}%`, width: `${row.runShare * 100}%` }} title={`Ran ${formatSeconds(row.runSeconds)} on ${attempt.cluster.name}`} />
            </span>
            <span className={classes.barEnd}>{row.runSeconds > 0 ? formatSeconds(row.runSeconds) : "not started"}</span>
          </div>
        );
      })}
      <div className={classes.axis}><span /><span className={classes.axisEnds}><Moment at={run.createdAt} to="second" /><span>{run.endedAt ? <Moment at={run.endedAt} to="second" /> : `now, ${formatSeconds(seconds)} later`}</span></span><span /></div>
    </div>
  );
}
