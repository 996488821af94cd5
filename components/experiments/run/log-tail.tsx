"use client";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { linesOf } from "../../../domain/experiments/log-lines.ts";
import type { RunDetail } from "../../../domain/experiments/run-view.ts";
import { paths } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useLiveChange } from "../../providers/live.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { Section } from "../../ui/page-header.tsx";
import runClasses from "../experiments.module.css";
import { LogRemoved } from "../logs/log-removed.tsx";
import { LogText } from "../logs/log-text.tsx";
import classes from "../logs/log.module.css";

const REFRESH_MS = 500;

/** The last lines of the newest attempt, as they come. */
export function LogTail({ run, lines: count }: { run: RunDetail; lines: number }) {
  const org = useOrg();
  const attempt = run.attempts.at(-1);
  return (
    <Section title="Log" {...(attempt ? { href: paths.runTab(org, run.id, "logs"), more: "Whole log" } : {})}>
      {attempt?.log.removed ? <div className={runClasses.empty}><LogRemoved runId={run.id} /></div> : attempt ? <Tail runId={run.id} attemptId={attempt.id} count={count} live={attempt.drainedAt === null && attempt.status !== "lost"} /> : <div className={runClasses.empty}>It begins once the run has started.</div>}
    </Section>
  );
}

function Tail({ runId, attemptId, count, live }: { runId: string; attemptId: string; count: number; live: boolean }) {
  const trpc = useTRPC();
  const { data, refetch } = useQuery({ ...trpc.experiments.logPage.queryOptions({ attemptId, tail: true, maxBytes: 16 * 1024 }), staleTime: live ? 0 : 60_000 });
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useLiveChange("attempt-log", runId, () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void refetch();
    }, REFRESH_MS);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const box = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => (data ? linesOf(data.segments).slice(-count) : null), [data, count]);
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  if (!lines) return <div style={{ height: 18 * count + 18, marginTop: 8 }} aria-busy="true" />;
  if (lines.length === 0) return <div className={runClasses.empty}>{live ? "Nothing written yet." : "The process wrote nothing."}</div>;
  return (
    <div className={classes.viewer} style={{ marginTop: 8 }}>
      <div ref={box} className={`${classes.tail} mono`} tabIndex={0} role="log" aria-live="off" aria-label="Last lines">
        {lines.map((line) => <div key={line.key}><LogText text={line.text} pattern={null} /></div>)}
      </div>
    </div>
  );
}
