import { createPublicKey } from "node:crypto";
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { z } from "zod";
import type { Enrol, Enrolled } from "../../../agent/protocol/messages.ts";
import type { Db, Tx } from "../../../db/client.ts";
import { newId } from "../../../db/schema/columns.ts";
import { agents, agentSessions, enrolments } from "../../../db/schema/agents.ts";
import { clusterEvents, clusters } from "../../../db/schema/clusters.ts";
import { audit } from "../../access/audit.ts";
import type { Bus, Change } from "../../bus.ts";
import { failpoint } from "../../failpoint.ts";
import { sha256Hex } from "../authenticate.ts";
import { Refused } from "../refused.ts";

type Reply = Omit<z.infer<typeof Enrolled>, "serverTime">;

/**
 * Trades a single-use code for an identity. One conditional UPDATE consumes the code, so of two that try at once one wins.
 * The winner's repeat (same code, same key) gets the same answer.
 * @throws Refused: not_found, code_used, bad_request, revoked.
 */
export async function enrolAgent(db: Db, bus: Bus, message: z.infer<typeof Enrol>): Promise<Reply> {
  refuseBadKey(message.publicKey);
  const codeHash = sha256Hex(message.code);
  const { reply, changes } = await db.transaction(async (tx) => {
    const agentId = newId("agent");
    const [code] = await tx
      .update(enrolments)
      .set({ usedAt: sql`now()`, agentId })
      .where(and(eq(enrolments.codeHash, codeHash), isNull(enrolments.usedAt), gt(enrolments.expiresAt, sql`now()`)))
      .returning();
    const done = code ? await admit(tx, code, agentId, message) : { reply: await repeat(tx, codeHash, message.publicKey), changes: [] };
    failpoint("server.enrol.before-commit");
    return done;
  });
  await bus.publishNow(changes);
  failpoint("server.enrol.after-commit");
  return reply;
}

function refuseBadKey(publicKey: string): void {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" });
    if (key.asymmetricKeyType === "ed25519") return;
  } catch {
    // falls through to the refusal
  }
  throw new Refused("bad_request", "publicKey: Expected an Ed25519 key as base64 of its SPKI.", "publicKey");
}

async function repeat(tx: Tx, codeHash: string, publicKey: string): Promise<Reply> {
  const [found] = await tx
    .select({ agentId: agents.id, clusterId: agents.clusterId, clusterName: clusters.name, publicKey: agents.publicKey, usedAt: enrolments.usedAt, revokedAt: agents.revokedAt })
    .from(enrolments)
    .leftJoin(agents, eq(agents.id, enrolments.agentId))
    .innerJoin(clusters, eq(clusters.id, enrolments.clusterId))
    .where(eq(enrolments.codeHash, codeHash));
  if (!found) throw new Refused("not_found", "This code does not exist. Ask for a new one on the cluster's page.", "code");
  if (!found.usedAt) throw new Refused("not_found", "This code has expired. Ask for a new one on the cluster's page.", "code");
  if (found.publicKey !== publicKey || !found.agentId || !found.clusterId) throw new Refused("code_used", "This code was already used. Ask for a new one on the cluster's page.", "code");
  if (found.revokedAt) throw new Refused("revoked", "This agent was revoked. Ask for a new code on the cluster's page.");
  return { agentId: found.agentId, clusterId: found.clusterId, clusterName: found.clusterName };
}

/** One live agent per cluster: the new one takes the place of the one before. */
async function admit(tx: Tx, code: typeof enrolments.$inferSelect, agentId: string, message: z.infer<typeof Enrol>) {
  const { orgId, clusterId } = code;
  const [cluster] = await tx.select({ name: clusters.name, revokedAt: clusters.revokedAt }).from(clusters).where(eq(clusters.id, clusterId)).for("no key update");
  if (!cluster || cluster.revokedAt) throw new Refused("revoked", "This cluster was closed.");
  const [taken] = await tx.select({ id: agents.id }).from(agents).where(eq(agents.publicKey, message.publicKey));
  if (taken) throw new Refused("bad_request", "publicKey: This key already belongs to an agent. Start with an empty state folder.", "publicKey");
  const replaced = await tx.update(agents).set({ revokedAt: sql`now()` }).where(and(eq(agents.clusterId, clusterId), isNull(agents.revokedAt))).returning({ id: agents.id });
  for (const { id } of replaced) await tx.update(agentSessions).set({ endedAt: sql`now()` }).where(and(eq(agentSessions.agentId, id), isNull(agentSessions.endedAt)));
  await tx.insert(agents).values({ id: agentId, orgId, clusterId, publicKey: message.publicKey, joinHash: message.joinHash, version: message.host.agentVersion, protocol: message.version, host: { ...message.host } });
  const text = `The agent on ${message.host.hostname} enrolled${replaced.length > 0 ? " and took the place of the one before" : ""}.`;
  await tx.insert(clusterEvents).values({ orgId, clusterId, kind: "agent.enrolled", actor: "agent", message: text, evidence: { ...message.host, replaced: replaced.map(({ id }) => id) } });
  const actor = { type: "agent", id: agentId, name: message.host.hostname, tokenId: null } as const;
  await audit(tx, { orgId, actor, requestId: null }, { action: "cluster.agent-joined", target: { type: "cluster", id: clusterId, name: cluster.name }, after: { agentId, host: message.host, replaced: replaced.map(({ id }) => id) } });
  const changes: Change[] = [{ orgId, topic: "cluster", id: clusterId }, ...replaced.map(({ id }) => ({ orgId, topic: "agent-revoked", id }))];
  return { reply: { agentId, clusterId, clusterName: cluster.name }, changes };
}
