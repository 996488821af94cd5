"use client";
import { type Query, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { keyIsTouched, type LiveChange, reconnectDelay, touchedBy } from "./live-topics.ts";

export type LiveStatus = { state: "live" | "paused" | "connecting" } | { state: "reconnecting"; since: number };

interface LiveApi {
  status: LiveStatus;
  /** Called with every batch while the tab is visible. Returns the way to stop. */
  listen: (listener: (changes: LiveChange[]) => void) => () => void;
}

const LiveContext = createContext<LiveApi>({ status: { state: "connecting" }, listen: () => () => {} });

export const useLiveStatus = () => useContext(LiveContext).status;

/** Follow one topic of one thing, beyond what invalidation does: a log that pages itself forward. */
export function useLiveChange(topic: string, id: string, onChange: () => void): void {
  const { listen } = useContext(LiveContext);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => listen((changes) => changes.some((change) => change.topic === topic && change.id === id) && latest.current()), [listen, topic, id]);
}

const THROTTLE_MS = 500; // at most two refetches a second per query

/**
 * Gathers what changed and refetches it at most every THROTTLE_MS. A query that is being fetched waits for the next round: its
 * answer may be older than the change, and cancelling it again and again would keep a slow one from ever landing.
 */
function makeRefresher(client: QueryClient) {
  const waiting = new Map<string, LiveChange>();
  let busy = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = 0;
  function plan(): void {
    timer ??= setTimeout(flush, Math.max(0, last + THROTTLE_MS - performance.now()));
  }
  function flush(): void {
    timer = undefined;
    last = performance.now();
    const touched = touchedBy([...waiting.values()]);
    waiting.clear();
    const again = busy;
    busy = new Set();
    const isDue = (query: Query) => again.has(query.queryHash) || touched.some((one) => keyIsTouched(query.queryKey, one));
    for (const query of client.getQueryCache().findAll({ predicate: isDue })) if (query.state.fetchStatus === "fetching") busy.add(query.queryHash);
    void client.invalidateQueries({ predicate: (query) => isDue(query) && !busy.has(query.queryHash) });
    if (busy.size > 0) plan();
  }
  return {
    add(changes: LiveChange[]) {
      for (const change of changes) waiting.set(`${change.topic} ${change.id}`, change);
      plan();
    },
    stop: () => clearTimeout(timer),
  };
}

/** One event stream per tab: open while the tab is seen, closed while hidden, back with growing pauses after a loss. */
function connect(org: string, on: { changes: (changes: LiveChange[]) => void; status: (status: LiveStatus) => void; resumed: () => void; lost: () => void }) {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let lostAt: number | null = null;
  let missed = false; // something may have changed while we did not listen

  function open(): void {
    source = new EventSource(`/api/events?org=${encodeURIComponent(org)}`);
    source.addEventListener("ready", () => {
      attempt = 0;
      lostAt = null;
      on.status({ state: "live" });
      if (missed) on.resumed();
      missed = false;
    });
    source.addEventListener("change", (event) => on.changes(JSON.parse((event as MessageEvent<string>).data) as LiveChange[]));
    source.addEventListener("error", () => {
      close();
      if (lostAt === null) on.lost();
      lostAt ??= Date.now();
      missed = true;
      on.status({ state: "reconnecting", since: lostAt });
      retry = setTimeout(open, reconnectDelay(attempt, Math.random()));
      attempt += 1;
    });
  }
  function close(): void {
    clearTimeout(retry);
    source?.close();
    source = undefined;
  }
  function onVisibility(): void {
    close();
    if (document.hidden) {
      missed = true;
      on.status({ state: "paused" });
    } else {
      on.status({ state: "connecting" });
      open();
    }
  }
  document.addEventListener("visibilitychange", onVisibility);
  if (document.hidden) onVisibility();
  else open();
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    close();
  };
}

export function LiveProvider({ org, children }: { org: string; children: React.ReactNode }) {
  const client = useQueryClient();
  const [status, setStatus] = useState<LiveStatus>({ state: "connecting" });
  const listeners = useRef(new Set<(changes: LiveChange[]) => void>());
  useEffect(() => {
    const refresher = makeRefresher(client);
    const disconnect = connect(org, {
      status: setStatus,
      resumed: () => void client.invalidateQueries(),
      // Ended because the session or the role is gone? The answer to this sends the person to where they may be.
      lost: () => void client.invalidateQueries({ predicate: (query) => keyIsTouched(query.queryKey, { procedure: "access.viewer", field: null, id: null }) }),
      changes: (changes) => {
        refresher.add(changes);
        for (const listener of listeners.current) listener(changes);
      },
    });
    return () => {
      refresher.stop();
      disconnect();
    };
  }, [client, org]);
  const listen = useCallback((listener: (changes: LiveChange[]) => void) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  }, []);
  const api = useMemo(() => ({ status, listen }), [status, listen]);
  return <LiveContext.Provider value={api}>{children}</LiveContext.Provider>;
}
