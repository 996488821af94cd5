import type { z } from "zod";
import { LATER_CAUSES, LIMITS, type JobSpec, type Sync, type SyncReply } from "../../agent/protocol/messages.ts";
import { handOverSecrets } from "../access/commands/secrets.ts";
import { failpoint } from "../failpoint.ts";
import type { AgentIdentity, Authenticator } from "./authenticate.ts";
import { applyInventory } from "./commands/inventory.ts";
import { applyScheduler } from "./commands/scheduler.ts";
import { applyReports, reconcileKnown } from "./commands/reports.ts";
import { loadJobSpecs } from "./queries.ts";
import { servicesFor, type AgentServices } from "./services.ts";
import { wantedFrom, type Wanted, type WantedBoard } from "./wanted.ts";

type Reply = z.infer<typeof SyncReply>;

/** What every sync of a server leans on. */
interface Desk {
  services: AgentServices;
  authenticator: Authenticator;
  board: WantedBoard;
}

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
export async function syncAgent({ services: all, authenticator, board }: Desk, call: Call): Promise<Reply> {
  const { agent, message } = call;
  const services = servicesFor(all, agent);
  failpoint("server.sync.begin");
  const until = performance.now() + waitMs(message.waitSeconds, services.leaseSeconds);
  if (message.nodes) await applyInventory(services.db, services.bus, agent, message.nodes);
  if (message.scheduler) await applyScheduler(services.db, services.bus, agent, message.scheduler);
  const { acked, stale } = await applyReports(services, agent, message.reports);
  const known = new Set([...message.known, ...message.reports.map(({ attemptId }) => attemptId)]);
  const isIdle = message.waitSeconds > 0 && !message.nodes && message.reports.length === 0;
  const wake = board.listen(agent);
  try {
    let heard = wake.next();
    const picture = await (isIdle ? board.recall(agent.clusterId) : board.read(agent.clusterId));
    // Only now, while the message is fresh: after a wait the agent may know attempts that this message could not name.
    const hasMoved = await reconcileKnown(services, agent, picture.live, known);
    let wanted = wantedFrom(hasMoved ? await board.read(agent.clusterId) : picture, known);
    for (;;) {
      const hasNews = () => wanted.hash !== message.desiredHash || acked.length > 0 || stale.length > 0;
      // Never answered from memory: an attempt that has ended meanwhile must not be offered again.
      if (isIdle && hasNews()) wanted = wantedFrom(await board.read(agent.clusterId), known);
      const left = until - performance.now();
      if (hasNews() || left <= 0 || call.signal.aborted) return await answer(services, call, wanted, { acked, stale });
      const isWoken = await heard.within(left, call.signal);
      if (!isWoken) continue; // its time is over, and the next call reads afresh: ten thousand that idle ask for nothing twice
      await authenticator.recheck(agent, call.session); // revoked or joined anew while it waited
      heard = wake.next();
      wanted = wantedFrom(await board.read(agent.clusterId), known);
    }
  } finally {
    wake.stop();
  }
}

/** Never so long that the wait itself would use up the lease. */
function waitMs(waitSeconds: number, leaseSeconds: number): number {
  return Math.min(waitSeconds, LIMITS.longPollSeconds, leaseSeconds / 3) * 1000;
}

async function answer(services: AgentServices, call: Call, wanted: Wanted, applied: Pick<Reply, "acked" | "stale">): Promise<Reply> {
  const { message } = call;
  const isNew = wanted.hash !== message.desiredHash;
  const known = new Set(message.known);
  const specs = isNew ? await loadJobSpecs(services.db, wanted.entries.filter(({ attemptId, action }) => action === "run" && !known.has(attemptId)).map(({ attemptId }) => attemptId)) : new Map<string, JobSpec>();
  await addSecrets(services, call.agent, specs);
  failpoint("server.sync.before-answer");
  return {
    serverTime: services.now(),
    desiredHash: wanted.hash,
    desired: isNew ? wanted.entries.map((entry) => ({ ...entry, spec: specs.get(entry.attemptId) ?? null })) : null,
    drainedNodes: isNew ? wanted.drainedNodes : null,
    tunnels: isNew ? wanted.tunnels : null,
    ...applied,
    leaseSeconds: services.leaseSeconds,
    takes: Object.keys(LATER_CAUSES),
    longestWait: LIMITS.longPollSeconds,
  };
}

/** Only here, in the answer to a signed message, and only for attempts whose runs name some. */
async function addSecrets(services: AgentServices, agent: AgentIdentity, specs: Map<string, JobSpec>): Promise<void> {
  const asking = [...specs].filter(([, spec]) => spec.secrets).map(([id]) => id);
  const actor = { type: "agent", id: agent.id, name: agent.hostname, tokenId: null } as const;
  for (const [id, secrets] of await handOverSecrets(services.db, { orgId: agent.orgId, actor }, asking)) specs.set(id, { ...specs.get(id)!, secrets });
}
