"use client";
import { type Query, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, startTransition, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { makeFollower } from "./live-follower.ts";
import { keyIsTouched, type LiveChange, reconnectDelay, touchedBy } from "./live-topics.ts";

export type LiveStatus = { state: "live" | "paused" | "connecting" } | { state: "reconnecting"; since: number };

interface LiveApi {
  status: LiveStatus;
  /** Called with every batch while the tab is visible. Returns the way to stop. */
  listen: (listener: (changes: LiveChange[]) => void) => () => void;
  /** What the server rendered as of this mark is here now: what changed since is refreshed. */
  arrived: (mark: string) => void;
}

const LiveContext = createContext<LiveApi>({ status: { state: "connecting" }, listen: () => () => {}, arrived: () => {} });

export const useLiveStatus = () => useContext(LiveContext).status;

/** Follow one topic of one thing, beyond what invalidation does: a log that pages itself forward. */
export function useLiveChange(topic: string, id: string, onChange: () => void): void {
  const { listen } = useContext(LiveContext);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => listen((changes) => changes.some((change) => change.topic === topic && change.id === id) && latest.current()), [listen, topic, id]);
}

/** Beside what a page prefetched: says as of when. Changes between the render and this moment met no query to refresh. */
export function Rendered({ mark }: { mark: string }) {
  const { arrived } = useContext(LiveContext);
  useEffect(() => arrived(mark), [arrived, mark]);
  return null;
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

/** What the stream tells. `changes` come with the mark up to which all is known then; `missed`: there is more that is not known. */
interface StreamEvents {
  ready: (mark: string, changes: LiveChange[], missed: boolean) => void;
  changes: (mark: string, changes: LiveChange[]) => void;
  status: (status: LiveStatus) => void;
  lost: () => void;
}

/** As the server sends them, until it says so. */
const HEARTBEAT_MS = 15_000;
/** Heartbeats that may be missing: a network that went away, or a computer that slept, ends no connection. */
const MISSED_BEATS = 3;

/**
 * One event stream per tab: open while the tab is seen, closed while hidden, back with growing pauses after a loss, silence
 * included. It begins with what changed since `from()`, so that nothing is missed in between.
 */
function connect(org: string, from: () => string, on: StreamEvents) {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let beatMs = HEARTBEAT_MS;
  let attempt = 0;
  let lostAt: number | null = null;

  function heard(): void {
    clearTimeout(silence);
    silence = setTimeout(lose, MISSED_BEATS * beatMs);
  }
  function lose(): void {
    close();
    if (lostAt === null) on.lost();
    lostAt ??= Date.now();
    on.status({ state: "reconnecting", since: lostAt });
    retry = setTimeout(open, reconnectDelay(attempt, Math.random()));
    attempt += 1;
  }
  function open(): void {
    heard();
    source = new EventSource(`/api/events?${new URLSearchParams({ org, since: from() }).toString()}`);
    source.addEventListener("ready", ({ data, lastEventId }: MessageEvent<string>) => {
      attempt = 0;
      lostAt = null;
      on.status({ state: "live" });
      const { changes, missed, heartbeatMs } = JSON.parse(data) as { changes: LiveChange[]; missed: boolean; heartbeatMs: number };
      beatMs = heartbeatMs;
      heard();
      on.ready(lastEventId, changes, missed);
    });
    source.addEventListener("change", ({ data, lastEventId }: MessageEvent<string>) => {
      heard();
      on.changes(lastEventId, JSON.parse(data) as LiveChange[]);
    });
    source.addEventListener("beat", heard);
    source.addEventListener("error", lose);
  }
  function close(): void {
    clearTimeout(silence);
    clearTimeout(retry);
    source?.close();
    source = undefined;
  }
  function onVisibility(): void {
    close();
    if (document.hidden) {
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
  const [live] = useState(() => {
    const refresher = makeRefresher(client);
    const tell = (changes: LiveChange[]) => {
      if (changes.length === 0) return;
      refresher.add(changes);
      for (const listener of listeners.current) listener(changes);
    };
    return { refresher, follower: makeFollower({ tell, refetchAll: () => void client.invalidateQueries() }) };
  });
  useEffect(() => {
    const { refresher, follower } = live;
    const disconnect = connect(org, follower.from, {
      status: (next) => startTransition(() => setStatus(next)), // not before what is still coming alive (see CrumbsProvider)
      ready: follower.ready,
      changes: follower.hear,
      // Ended because the session or the role is gone? The answer to this sends the person to where they may be.
      lost: () => void client.invalidateQueries({ predicate: (query) => keyIsTouched(query.queryKey, { procedure: "access.viewer", field: null, id: null }) }),
    });
    return () => {
      refresher.stop();
      disconnect();
    };
  }, [client, org, live]);
  const listen = useCallback((listener: (changes: LiveChange[]) => void) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  }, []);
  const api = useMemo(() => ({ status, listen, arrived: live.follower.arrived }), [status, listen, live]);
  return <LiveContext.Provider value={api}>{children}</LiveContext.Provider>;
}
