import type { Desired } from "../../agent/protocol/messages.ts";
import type { Change } from "../bus.ts";
import { sha256Hex } from "./authenticate.ts";
import { listDrainedNodes, listLiveAttempts, listWantedTunnels, type AgentIdentity, type LiveAttempt } from "./queries.ts";
import type { AgentServices } from "./services.ts";

/** How old a picture may get when nobody says that it changed: bounds what a lost notification costs. */
const KEPT_MS = 300_000;
const MOST_KEPT = 50_000;

/** What the server believes of one cluster. */
interface Picture {
  live: LiveAttempt[];
  drainedNodes: string[];
  /** Servers that people wait at to be let into its attempts. */
  tunnels: string[];
}

export interface Wanted {
  hash: string;
  entries: Omit<Desired, "spec">[];
  drainedNodes: string[];
  tunnels: string[];
}

export interface WantedBoard {
  /** Reads the database. */
  read: (clusterId: string) => Promise<Picture>;
  /**
   * What was read last, unless a change was told since. It may be behind by the time that a notification takes, so it
   * only ever decides that there is nothing to say; a waiting agent is woken by that notification.
   */
  recall: (clusterId: string) => Promise<Picture>;
  listen: (agent: AgentIdentity) => Wake;
  /** Wakes those who wait for a change of this cluster or agent. */
  rouse: (id: string) => void;
  close: () => void;
}

export interface Wake {
  /** Begin before reading, so that what changes meanwhile is not missed. `within`: true when woken, false when the time is over or the agent hung up. */
  next: () => { within: (ms: number, signal: AbortSignal) => Promise<boolean> };
  stop: () => void;
}

/** One listener for all agents of this process: ten thousand that wait must not each look at every change. */
export function openWantedBoard({ db, bus }: Pick<AgentServices, "db" | "bus">): WantedBoard {
  const kept = new Map<string, { at: number; picture: Promise<Picture> }>();
  const sleepers = new Map<string, Set<() => void>>();
  const rouse = (id: string) => {
    for (const wake of sleepers.get(id) ?? []) wake();
  };
  const unsubscribe = bus.subscribe((changes) => {
    for (const change of changes) {
      if (change.topic === "agent-desired" || change.topic === "cluster") kept.delete(change.id);
      if (isAlarm(change)) rouse(change.id);
    }
  });
  const forgetGaps = bus.onGap(() => {
    kept.clear();
    for (const id of sleepers.keys()) rouse(id);
  });
  async function load(clusterId: string): Promise<Picture> {
    const [live, drainedNodes, tunnels] = await Promise.all([listLiveAttempts(db, clusterId), listDrainedNodes(db, clusterId), listWantedTunnels(db, clusterId)]);
    return { live, drainedNodes, tunnels };
  }
  function read(clusterId: string): Promise<Picture> {
    const picture = load(clusterId);
    if (kept.size >= MOST_KEPT) kept.clear();
    const entry = { at: performance.now(), picture };
    kept.set(clusterId, entry);
    picture.catch(() => kept.get(clusterId) === entry && kept.delete(clusterId));
    return picture;
  }
  return {
    read,
    recall: (clusterId) => {
      const known = kept.get(clusterId);
      return known && performance.now() - known.at < KEPT_MS ? known.picture : read(clusterId);
    },
    rouse,
    listen: (agent) => sleep(sleepers, [agent.clusterId, agent.id]),
    close: () => {
      unsubscribe();
      forgetGaps();
    },
  };
}

/** The cluster's desired set may have changed, or the agent's right to hear of it. */
const isAlarm = ({ topic }: Change): boolean => topic === "agent-desired" || topic === "agent-revoked" || topic === "agent-joined";

function sleep(sleepers: Map<string, Set<() => void>>, ids: string[]): Wake {
  let wake = () => {};
  const ring = () => wake();
  for (const id of ids) sleepers.set(id, (sleepers.get(id) ?? new Set()).add(ring));
  return {
    stop: () => {
      for (const id of ids) {
        const ringing = sleepers.get(id);
        ringing?.delete(ring);
        if (ringing?.size === 0) sleepers.delete(id);
      }
    },
    next: () => {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      return { within: (ms, signal) => firstOf(woken, ms, signal) };
    },
  };
}

function firstOf(woken: Promise<void>, ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise<boolean>((resolve) => {
    const done = (isWoken: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", hangUp);
      resolve(isWoken);
    };
    const hangUp = () => done(false);
    const timer = setTimeout(hangUp, ms);
    signal.addEventListener("abort", hangUp, { once: true });
    void woken.then(() => done(true));
  });
}

/** What to tell an agent that knows these attempts. */
export function wantedFrom({ live, drainedNodes, tunnels }: Picture, known: ReadonlySet<string>): Wanted {
  const entries = live.filter((one) => isWanted(one, known)).map((one) => ({ attemptId: one.id, fence: String(one.fence), action: one.stopRequested ? ("stop" as const) : ("run" as const), reason: one.stopRequested ? one.stopReason : null }));
  return { hash: sha256Hex(JSON.stringify([entries, drainedNodes, tunnels])).slice(0, 32), entries, drainedNodes, tunnels };
}

/** An attempt that the agent took once and has forgotten is never offered again: its process may still live. */
function isWanted(one: LiveAttempt, known: ReadonlySet<string>): boolean {
  return known.has(one.id) || !one.taken;
}
