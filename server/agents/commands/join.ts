import { and, eq, isNull, sql } from "drizzle-orm";
import type { z } from "zod";
import type { Join } from "../../../agent/protocol/messages.ts";
import type { Db, Tx } from "../../../db/client.ts";
import { newId } from "../../../db/schema/columns.ts";
import { agents, agentSessions } from "../../../db/schema/agents.ts";
import { clusterEvents, clusters } from "../../../db/schema/clusters.ts";
import { audit } from "../../access/audit.ts";
import type { Bus, Change } from "../../bus.ts";
import { failpoint } from "../../failpoint.ts";
import { sha256Hex, type AgentIdentity } from "../authenticate.ts";
import { Refused } from "../refused.ts";

type Message = z.infer<typeof Join>;

/**
 * Starts a session and ends those before it. Every join spends the secret that the join before committed to:
 * - the awaited secret: a join like any other;
 * - the secret spent last, with the same next one: the same join again, after a crash before its answer arrived;
 * - anything else: two copies of one identity. Nobody can tell which is real, so both are locked until a person decides.
 * @throws Refused: cloned, revoked.
 */
export async function joinAgent(db: Db, bus: Bus, agent: AgentIdentity, message: Message): Promise<string> {
  const { session, changes } = await db.transaction(async (tx) => {
    const [row] = await tx.select().from(agents).where(eq(agents.id, agent.id)).for("update");
    if (!row || row.revokedAt) throw new Refused("revoked", "This agent was revoked.");
    if (row.clonedAt) throw new Refused("cloned", "This agent's identity is locked.");
    const shown = sha256Hex(message.joinSecret);
    const awaited = shown === row.joinHash;
    const again = shown === row.spentJoinHash && message.nextJoinHash === row.joinHash;
    const done = awaited || again ? await begin(tx, agent, message, awaited) : await lock(tx, agent, message);
    failpoint("server.join.before-commit");
    return done;
  });
  await bus.publishNow(changes);
  if (!session) {
    failpoint("server.clone.after-commit");
    throw new Refused("cloned", "A second copy of this agent's identity tried to join, so both are locked. Revoke it and enrol again.");
  }
  failpoint("server.join.after-commit");
  return session;
}

async function begin(tx: Tx, agent: AgentIdentity, message: Message, awaited: boolean) {
  const { orgId, clusterId } = agent;
  const session = newId("agentSession");
  await tx.update(agentSessions).set({ endedAt: sql`now()` }).where(and(eq(agentSessions.agentId, agent.id), isNull(agentSessions.endedAt)));
  await tx.insert(agentSessions).values({ id: session, agentId: agent.id });
  const spend = awaited ? { spentJoinHash: sql`${agents.joinHash}`, joinHash: message.nextJoinHash, joinCount: sql`${agents.joinCount} + 1` } : {};
  await tx
    .update(agents)
    .set({ ...spend, version: message.host.agentVersion, protocol: message.version, host: { ...message.host }, lastSeenAt: sql`now()`, unreachableSince: null, contactSince: sql`now()` })
    .where(eq(agents.id, agent.id));
  await tx.update(clusters).set({ driver: message.capabilities.driver, capabilities: message.capabilities, policy: message.policy || null }).where(eq(clusters.id, clusterId));
  await tx.insert(clusterEvents).values({ orgId, clusterId, kind: "agent.joined", actor: "agent", message: `The agent on ${message.host.hostname} connected.`, evidence: { ...message.host } });
  const changes: Change[] = [{ orgId, topic: "cluster", id: clusterId }, { orgId, topic: "queue", id: orgId }, { orgId, topic: "agent-joined", id: agent.id }];
  return { session, changes };
}

async function lock(tx: Tx, agent: AgentIdentity, message: Message) {
  const { orgId, clusterId } = agent;
  await tx.update(agents).set({ clonedAt: sql`now()` }).where(eq(agents.id, agent.id));
  await tx.update(agentSessions).set({ endedAt: sql`now()` }).where(and(eq(agentSessions.agentId, agent.id), isNull(agentSessions.endedAt)));
  const text = `A second copy of this agent's identity tried to join from ${message.host.hostname}. Both are locked. Revoke the agent and enrol again on the machine that should have it.`;
  await tx.insert(clusterEvents).values({ orgId, clusterId, kind: "agent.cloned", actor: "agent", message: text, evidence: { ...message.host } });
  const actor = { type: "agent", id: agent.id, name: message.host.hostname, tokenId: null } as const;
  await audit(tx, { orgId, actor, requestId: null }, { action: "cluster.agent-locked", target: { type: "cluster", id: clusterId, name: agent.clusterName }, reason: "A second copy of its identity tried to join." });
  const changes: Change[] = [{ orgId, topic: "cluster", id: clusterId }, { orgId, topic: "agent-revoked", id: agent.id }];
  return { session: null, changes };
}
