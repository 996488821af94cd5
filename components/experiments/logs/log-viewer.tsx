"use client";
import { Button } from "@mantine/core";
import { IconArrowDown } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { AttemptView, RunDetail } from "../../../domain/experiments/run-view.ts";
import { formatBytes, formatCount, plural } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import { RunWhy } from "../run/run-why.tsx";
import classes from "./log.module.css";
import runClasses from "../experiments.module.css";
import { searchPattern } from "./ansi.ts";
import { LogLinesView } from "./log-lines-view.tsx";
import { LogMatches } from "./log-matches.tsx";
import { logParams } from "./log-params.ts";
import { LogRemoved } from "./log-removed.tsx";
import { LogSearchBox } from "./log-search-box.tsx";
import { AttemptSelect, LineSelects, LogTools } from "./log-toolbar.tsx";
import { useLogSearch } from "./use-log-search.ts";
import { useLogWindow } from "./use-log-window.ts";

/** The log of a run: both streams of one attempt, of any length. */
export function LogViewer({ id }: { id: string }) {
  const trpc = useTRPC();
  const run = useSuspenseQuery(trpc.experiments.get.queryOptions({ id })).data;
  const [params, setParams] = useQueryStates(logParams);
  const attempt = run.attempts.find((one) => one.number === params.attempt) ?? run.attempts.at(-1);
  const [opened, setOpened] = useState(0); // a hash is known only in the browser: it opens the log anew
  useHashLine((line) => {
    void setParams({ line });
    setOpened((old) => old + 1);
  });
  if (run.origin === "client") return <EmptyState title="No log">A client runs it elsewhere: its output stays there.</EmptyState>;
  if (!attempt) {
    return (
      <>
        <RunWhy run={run} />
        <EmptyState title="No log yet">It begins with the first line that the process writes, once the run has started on a cluster.</EmptyState>
      </>
    );
  }
  if (attempt.log.removed) {
    return (
      <>
        <div className={runClasses.toolbar}><AttemptSelect attempts={run.attempts} value={attempt} onChange={(number) => void setParams({ attempt: number, line: null })} /></div>
        <EmptyState title="The log was removed"><LogRemoved runId={id} /> It had {plural(attempt.log.lines, "line")} ({formatBytes(attempt.log.bytes)}).</EmptyState>
      </>
    );
  }
  return <AttemptLog key={`${attempt.id} ${params.stream ?? ""} ${opened}`} run={run} attempt={attempt} />;
}

/** `#L123`, as other tools write it, becomes `?line=123`. */
function useHashLine(onLine: (line: number) => void): void {
  const latest = useRef(onLine);
  latest.current = onLine;
  useEffect(() => {
    const match = /^#L(\d{1,12})$/.exec(window.location.hash);
    if (!match) return;
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    latest.current(Number(match[1]));
  }, []);
}

function AttemptLog({ run, attempt }: { run: RunDetail; attempt: AttemptView }) {
  const [params, setParams] = useQueryStates(logParams);
  const { q, regex, stream, level, rank, wrap, times, line } = params;
  const log = useLogWindow({ runId: run.id, attemptId: attempt.id, stream, startLine: line });
  const search = useLogSearch({ attemptId: attempt.id, q, regex, stream, level, rank });
  const pattern = useMemo(() => searchPattern(q, regex), [q, regex]);
  const [goTo, setGoTo] = useState<{ line: number; at: number } | null>(line === null ? null : { line, at: 1 });
  const [matchAt, setMatchAt] = useState<number | null>(null);
  const { ref, height } = useFillHeight();
  const totalLines = Math.max(log.window?.totalLines ?? 0, log.lines.at(-1)?.number ?? 0);

  function go(to: number): void {
    void setParams({ line: to, level: null, rank: null });
    log.setFollowing(false);
    setGoTo((old) => ({ line: to, at: (old?.at ?? 0) + 1 }));
    const [first, last] = [log.lines[0]?.number ?? Infinity, log.lines.at(-1)?.number ?? -1];
    if (to < first + 5 || to > last - 5) void log.toLine(to);
  }
  function step(by: 1 | -1): void {
    const { matches } = search;
    if (matches.length === 0) return;
    const from = matchAt ?? (by > 0 ? matches.findIndex((match) => match.line + 1 >= (log.lines[0]?.number ?? 0)) - 1 : matches.length);
    const next = (Math.max(-1, from) + by + matches.length) % matches.length;
    setMatchAt(next);
    go(matches[next]!.line + 1);
    if (search.more && next > matches.length - 20) search.loadMore();
  }
  const follow = () => {
    void setParams({ line: null });
    log.toEnd();
  };
  return (
    <div className={classes.viewer}>
      <div className={runClasses.toolbar}>
        <AttemptSelect attempts={run.attempts} value={attempt} onChange={(number) => void setParams({ attempt: number, line: null })} />
        <LineSelects ranks={run.ranks} stream={stream} level={level} rank={rank} onChange={(next) => void setParams(next)} />
        <LogSearchBox q={q} regex={regex} search={search} at={matchAt} onSearch={(next) => { setMatchAt(null); void setParams({ q: next || null }); }} onRegex={(next) => void setParams({ regex: next || null })} onStep={step} />
        <span className={runClasses.spacer} />
        <LogTools attempt={attempt} wrap={wrap} times={times} totalLines={totalLines} onWrap={() => void setParams({ wrap: !wrap })} onTimes={() => void setParams({ times: !times })} onGo={go} />
      </div>
      <div ref={ref} style={{ position: "relative" }}>
        {log.error ? <ErrorBox what="The log could not be loaded" error={log.error} retry={log.retry} /> : search.isList ? (
          <LogMatches search={search} height={height} wrap={wrap} level={level} rank={rank} pattern={pattern} onPick={go} highest={totalLines} />
        ) : log.window && log.lines.length === 0 ? (
          <div className={classes.scroll} style={{ height }}><div className={classes.center}>{log.window.complete ? "The process wrote nothing." : `Waiting for ${stream ?? "its first line"}…`}</div></div>
        ) : (
          <LogLinesView lines={log.lines} height={height} wrap={wrap} times={times} goTo={goTo} current={line} following={log.following} onFollowing={log.setFollowing} atEnd={log.window?.hasAfter === false} onNearStart={log.loadBefore} onNearEnd={log.loadAfter} onPick={(to) => void setParams({ line: to })} pattern={pattern} label={`Log of attempt ${attempt.number}`} highest={totalLines} />
        )}
        {!search.isList && log.window && !log.following && !log.window.complete && <EndPill fresh={log.window.hasAfter ? totalLines - (log.lines.at(-1)?.number ?? 0) : 0} onEnd={follow} />}
      </div>
      <LogStatus log={log} totalLines={totalLines} dropped={attempt.log.dropped} onEnd={follow} onStart={() => { void setParams({ line: null }); void log.toStart(); setGoTo((old) => ({ line: 1, at: (old?.at ?? 0) + 1 })); }} />
    </div>
  );
}

function EndPill({ fresh, onEnd }: { fresh: number; onEnd: () => void }) {
  return <Button className={classes.pill} size="compact-sm" leftSection={<IconArrowDown size={14} />} onClick={onEnd}>{fresh > 0 ? plural(fresh, "line further on", "lines further on") : "Follow"}</Button>;
}

function LogStatus({ log, totalLines, dropped, onStart, onEnd }: { log: ReturnType<typeof useLogWindow>; totalLines: number; dropped: number; onStart: () => void; onEnd: () => void }) {
  const { window: held, lines, following } = log;
  const state = !held ? "Loading…" : held.complete ? "Complete" : following ? "Following" : "Paused here; new lines wait";
  return (
    <div className={classes.status}>
      <span>{lines.length > 0 ? `${formatCount(lines[0]!.number)}–${formatCount(lines.at(-1)!.number)} of ${formatCount(totalLines)} lines loaded` : `${formatCount(totalLines)} lines`}</span>
      {held && <span>{formatBytes(held.totalBytes)}</span>}
      <span role="status">{state}</span>
      {dropped > 0 && <span style={{ color: "var(--tone-warn)" }}>{formatBytes(dropped)} dropped at the source: the agent’s spool was full</span>}
      <span className={runClasses.spacer} />
      <Button variant="subtle" size="compact-xs" onClick={onStart}>Start of the log</Button>
      <Button variant="subtle" size="compact-xs" onClick={onEnd}>End</Button>
    </div>
  );
}

/** Height from the element's top to the window's bottom, so that the log scrolls and the page does not. */
function useFillHeight() {
  const ref = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(480);
  useLayoutEffect(() => {
    const measure = () => setHeight(Math.max(320, window.innerHeight - (ref.current?.getBoundingClientRect().top ?? 300) - 60));
    measure();
    window.addEventListener("resize", measure);
    return () => window.removeEventListener("resize", measure);
  }, []);
  return { ref, height };
}
