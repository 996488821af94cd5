"use client";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { linesOf } from "../../../domain/experiments/log-lines.ts";
import { appendPage, firstSeq, lastSeq, type LogWindow, openWindow, prependPage, segmentsOf, WINDOW_BYTES } from "../../../domain/experiments/log-window.ts";
import type { LogPage } from "../../../domain/experiments/run-view.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useLiveChange } from "../../providers/live.tsx";

const PAGE_BYTES = 256 * 1024;
/** At most this often a growing log is asked for more; the live stream speaks up far more often. */
const PULL_MS = 400;
/** Without a live stream (a proxy that swallows it) a log still grows. */
const FALLBACK_MS = 5000;
/** After every chunk there is: the answer has the totals and no text. */
const BEYOND = 2_147_483_646;

interface LogOf {
  runId: string;
  attemptId: string;
  stream: "stdout" | "stderr" | null;
  /** Counted from 1; opens there instead of at the end. */
  startLine: number | null;
}

/** What one knows of a log that is being read: the window held, and how to move it. */
export function useLogWindow({ runId, attemptId, stream, startLine }: LogOf) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [window, setWindow] = useState<LogWindow | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [following, setFollowing] = useState(startLine === null);
  const state = useRef({ window, following, generation: 0, busy: new Set<string>() });
  Object.assign(state.current, { window, following });

  const ask = useCallback(
    (where: { after?: number; before?: number; aroundLine?: number; tail?: boolean }, maxBytes = PAGE_BYTES): Promise<LogPage> =>
      client.fetchQuery({ ...trpc.experiments.logPage.queryOptions({ attemptId, ...(stream ? { stream } : {}), ...where, maxBytes }), staleTime: 0, gcTime: 0 }),
    [client, trpc, attemptId, stream],
  );

  /** One request of a kind at a time; what answers after a jump is thrown away. */
  const fetchInto = useCallback(async (kind: string, request: () => Promise<LogPage>, apply: (old: LogWindow | null, page: LogPage) => LogWindow) => {
    const { busy, generation } = state.current;
    if (busy.has(kind)) return;
    busy.add(kind);
    try {
      const page = await request();
      if (state.current.generation !== generation) return;
      setWindow((old) => apply(old, page));
      setError(null);
    } catch (cause) {
      if (state.current.generation === generation) setError(cause);
    } finally {
      busy.delete(kind);
    }
  }, []);

  const jump = useCallback((where: { aroundLine?: number; tail?: boolean; after?: number }) => {
    state.current.generation += 1;
    state.current.busy = new Set();
    return fetchInto("jump", () => ask(where), (_, page) => openWindow(page));
  }, [ask, fetchInto]);

  const loadAfter = useCallback(() => {
    const held = state.current.window;
    if (held?.hasAfter) void fetchInto("after", () => ask({ after: lastSeq(held) }), (old, page) => appendPage(old ?? held, page, WINDOW_BYTES, lastSeq(held)));
  }, [ask, fetchInto]);
  const loadBefore = useCallback(() => {
    const held = state.current.window;
    const first = held && firstSeq(held);
    if (held?.hasBefore && first !== null) void fetchInto("before", () => ask({ before: first! }), (old, page) => prependPage(old ?? held, page, WINDOW_BYTES, first));
  }, [ask, fetchInto]);

  /** A follower takes what is new; a reader elsewhere only learns how much there is, so nothing moves. */
  const pull = useCallback(() => {
    const { window: held, following: follows } = state.current;
    if (!held || (held.complete && !held.hasAfter)) return;
    if (follows) void fetchInto("after", () => ask({ after: lastSeq(held) }), (old, page) => appendPage(old ?? held, page, WINDOW_BYTES, lastSeq(held)));
    else void fetchInto("totals", () => ask({ after: BEYOND }, 1024), (old, page) => ({ ...(old ?? held), totalLines: page.totalLines, totalBytes: page.totalBytes, hasAfter: (old ?? held).hasAfter || page.totalBytes > (old ?? held).totalBytes }));
  }, [ask, fetchInto]);

  useEffect(() => {
    setWindow(null);
    setError(null);
    setFollowing(startLine === null);
    void jump(startLine === null ? { tail: true } : { aroundLine: startLine - 1 });
    // Where it opens is decided once per log; later moves are jumps.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [jump]);
  usePull(runId, pull, window !== null && !window.complete);
  // More was written while the last page was read: a follower goes on until it has caught up.
  const behindAt = following && window?.hasAfter ? lastSeq(window) : null;
  useEffect(() => {
    if (behindAt !== null) pull();
  }, [behindAt, pull]);

  const lines = useMemo(() => (window ? linesOf(segmentsOf(window)) : []), [window]);
  const toEnd = useCallback(() => {
    setFollowing(true);
    if (state.current.window?.hasAfter !== false) void jump({ tail: true });
  }, [jump]);
  const toStart = useCallback(() => {
    setFollowing(false);
    return jump({ after: -1 });
  }, [jump]);
  const toLine = useCallback((line: number) => {
    setFollowing(false);
    return jump({ aroundLine: Math.max(0, line - 1) });
  }, [jump]);
  return { window, lines, error, following, setFollowing, loadBefore, loadAfter, toEnd, toStart, toLine, retry: () => void jump({ tail: true }) };
}

/** Calls `pull` when the log has grown, at most every PULL_MS, and now and then without being told. */
function usePull(runId: string, pull: () => void, live: boolean): void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const soon = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      pull();
    }, PULL_MS);
  }, [pull]);
  useLiveChange("attempt-log", runId, soon);
  useLiveChange("run", runId, soon);
  useEffect(() => {
    if (!live) return;
    const fallback = setInterval(() => !document.hidden && pull(), FALLBACK_MS);
    return () => clearInterval(fallback);
  }, [live, pull]);
  useEffect(() => () => clearTimeout(timer.current), []);
}
