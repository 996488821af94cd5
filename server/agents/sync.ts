import type { z } from "zod";
import { LIMITS, type Desired, type Sync, type SyncReply } from "../../agent/protocol/messages.ts";
import { failpoint } from "../failpoint.ts";
import type { AgentIdentity, Authenticator } from "./authenticate.ts";
import { sha256Hex } from "./authenticate.ts";
import { applyInventory } from "./commands/inventory.ts";
import { applyReports, reconcileKnown } from "./commands/reports.ts";
import { listDrainedNodes, listLiveAttempts, loadJobSpecs, type LiveAttempt } from "./queries.ts";
import type { AgentServices } from "./services.ts";

type Reply = z.infer<typeof SyncReply>;

interface Call {
  agent: AgentIdentity;
  session: string;
  message: Sync;
  /** Aborted when the agent hangs up. */
  signal: AbortSignal;
}

/**
 * One sync: takes what the agent saw, then answers what the server wants. Level-triggered: every call compares the whole
 * picture, so a lost message heals itself with the next one. Without news it waits, holding nothing but a listener.
 */
export async function syncAgent(services: AgentServices, authenticator: Authenticator, call: Call): Promise<Reply> {
  const { agent, message } = call;
  failpoint("server.sync.begin");
  const until = performance.now() + waitMs(message.waitSeconds, services.leaseSeconds);
  if (message.nodes) await applyInventory(services.db, services.bus, agent, message.nodes);
  const { acked, stale } = await applyReports(services, agent, message.reports);
  const known = new Set([...message.known, ...message.reports.map(({ attemptId }) => attemptId)]);
  // Only now, while the message is fresh: after a wait the agent may know attempts that this message could not name.
  await reconcileKnown(services, agent, await listLiveAttempts(services.db, agent.clusterId), known);
  const wake = listen(services, agent);
  try {
    let heard = wake.next(); // before reading, so that what changes meanwhile is not missed
    let wanted = await wantedOf(services, agent, known);
    for (;;) {
      const hasNews = wanted.hash !== message.desiredHash || acked.length > 0 || stale.length > 0;
      const left = until - performance.now();
      if (hasNews || left <= 0 || call.signal.aborted) return await answer(services, call, wanted, { acked, stale });
      const isWoken = await heard.within(left, call.signal);
      await authenticator.recheck(agent, call.session); // revoked or joined anew while it waited
      if (!isWoken) continue; // its time is over, and the next call reads afresh: ten thousand that idle ask for nothing twice
      heard = wake.next();
      wanted = await wantedOf(services, agent, known);
    }
  } finally {
    wake.stop();
  }
}

/** Never so long that the wait itself would use up the lease. */
function waitMs(waitSeconds: number, leaseSeconds: number): number {
  return Math.min(waitSeconds, LIMITS.longPollSeconds, leaseSeconds / 3) * 1000;
}

interface Wanted {
  hash: string;
  entries: Omit<Desired, "spec">[];
  drainedNodes: string[];
}

async function wantedOf(services: AgentServices, agent: AgentIdentity, known: ReadonlySet<string>): Promise<Wanted> {
  const live = await listLiveAttempts(services.db, agent.clusterId);
  const drainedNodes = await listDrainedNodes(services.db, agent.clusterId);
  const entries = live.filter((one) => isWanted(one, known)).map((one) => ({ attemptId: one.id, fence: String(one.fence), action: one.stopRequested ? ("stop" as const) : ("run" as const), reason: one.stopRequested ? one.stopReason : null }));
  return { hash: sha256Hex(JSON.stringify([entries, drainedNodes])).slice(0, 32), entries, drainedNodes };
}

/** An attempt that the agent took once and has forgotten is never offered again: its process may still live. */
function isWanted(one: LiveAttempt, known: ReadonlySet<string>): boolean {
  return known.has(one.id) || !one.taken;
}

async function answer(services: AgentServices, { message }: Call, wanted: Wanted, applied: Pick<Reply, "acked" | "stale">): Promise<Reply> {
  const isNew = wanted.hash !== message.desiredHash;
  const known = new Set(message.known);
  const specs = isNew ? await loadJobSpecs(services.db, wanted.entries.filter(({ attemptId, action }) => action === "run" && !known.has(attemptId)).map(({ attemptId }) => attemptId)) : new Map();
  failpoint("server.sync.before-answer");
  return {
    serverTime: services.now(),
    desiredHash: wanted.hash,
    desired: isNew ? wanted.entries.map((entry) => ({ ...entry, spec: specs.get(entry.attemptId) ?? null })) : null,
    drainedNodes: isNew ? wanted.drainedNodes : null,
    ...applied,
    leaseSeconds: services.leaseSeconds,
  };
}

/** Wakes when the cluster's desired set may have changed, or the agent's right to hear of it. */
function listen(services: AgentServices, agent: AgentIdentity) {
  let wake = () => {};
  const stop = services.bus.subscribe((changes) => {
    if (changes.some(({ topic, id }) => (topic === "agent-desired" && id === agent.clusterId) || ((topic === "agent-revoked" || topic === "agent-joined") && id === agent.id))) wake();
  });
  return {
    stop,
    next() {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      return {
        /** True: woken. False: the time is over, or the agent hung up. */
        within: (ms: number, signal: AbortSignal) =>
          new Promise<boolean>((resolve) => {
            const done = (isWoken: boolean) => {
              clearTimeout(timer);
              signal.removeEventListener("abort", hangUp);
              resolve(isWoken);
            };
            const hangUp = () => done(false);
            const timer = setTimeout(hangUp, ms);
            signal.addEventListener("abort", hangUp, { once: true });
            void woken.then(() => done(true));
          }),
      };
    },
  };
}
