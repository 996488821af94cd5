import { and, eq, isNull, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { agents, agentSessions, enrolments } from "../../../db/schema/agents.ts";
import { clusterEvents, clusters } from "../../../db/schema/clusters.ts";
import type { EnrolmentCommand } from "../../../domain/clusters/cluster-view.ts";
import type { CreateCluster, UpdateCluster } from "../../../domain/clusters/inputs.ts";
import { slugify } from "../../../domain/shared/ids.ts";
import { env } from "../../../env.ts";
import { audit } from "../../access/audit.ts";
import { randomSecret, sha256 } from "../../access/secrets.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { type ClusterRecord, getCluster, listSlugsLike } from "../queries.ts";

const CODE_MINUTES = 15;

/** Who does it: a caller, or Drover itself, which has no request. */
export type By = Pick<Ctx, "orgId" | "actor"> & { requestId: string | null };

/** What to paste on the cluster's machine: fetches the agent, spends the code, runs. Node is all it needs. */
function commandFor(code: string): string {
  const url = env().DROVER_URL.replace(/\/$/, "");
  return `curl -fsSL ${url}/api/agent/install/agent.mjs -o drover-agent.mjs && node drover-agent.mjs enrol --url ${url} --code ${code} && node drover-agent.mjs run`;
}

/** A single-use code; only its hash is kept. Codes given out before and not spent stop working. */
export async function issueCode(tx: Tx, by: By, cluster: Pick<ClusterRecord, "id" | "name">): Promise<EnrolmentCommand> {
  await tx.update(enrolments).set({ expiresAt: sql`now()` as unknown as Date }).where(and(eq(enrolments.clusterId, cluster.id), isNull(enrolments.usedAt)));
  const code = randomSecret();
  const [row] = await tx
    .insert(enrolments)
    .values({ orgId: by.orgId, clusterId: cluster.id, codeHash: sha256(code), createdBy: by.actor.id, expiresAt: sql`now() + make_interval(mins => ${CODE_MINUTES})` as unknown as Date })
    .returning({ expiresAt: enrolments.expiresAt });
  await audit(tx, by, { action: "cluster.enrol-code", target: { type: "cluster", id: cluster.id, name: cluster.name }, after: { expiresAt: row!.expiresAt } });
  return { clusterId: cluster.id, code, command: commandFor(code), expiresAt: row!.expiresAt };
}

/** A free slug: the name's own, else with the first number that is free. */
async function freeSlug(tx: Tx, orgId: string, name: string): Promise<string> {
  const wanted = slugify(name).slice(0, 58);
  const taken = await listSlugsLike(tx, orgId, wanted);
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number += 1) if (!taken.has(`${wanted}-${number}`)) return `${wanted}-${number}`;
}

export async function insertCluster(tx: Tx, by: By, input: CreateCluster & { slug?: string }): Promise<EnrolmentCommand> {
  const slug = input.slug ?? (await freeSlug(tx, by.orgId, input.name));
  const [row] = await tx.insert(clusters).values({ orgId: by.orgId, name: input.name, region: input.region, slug }).returning();
  await audit(tx, by, { action: "cluster.create", target: { type: "cluster", id: row!.id, name: row!.name }, after: { name: row!.name, slug, region: row!.region } });
  await tx.insert(clusterEvents).values({ orgId: by.orgId, clusterId: row!.id, kind: "cluster.created", actor: by.actor.name, message: `${row!.name} was added; its agent has yet to connect.` });
  return issueCode(tx, by, row!);
}

export const publishCluster = (orgId: string, id: string) => bus().publishNow([{ orgId, topic: "cluster", id }, { orgId, topic: "audit", id: orgId }]);

export async function createCluster(ctx: Ctx, input: CreateCluster): Promise<EnrolmentCommand> {
  const made = await ctx.db.transaction((tx) => insertCluster(tx, ctx, input)); // insertCluster writes the audit entry: audit(…)
  await publishCluster(ctx.orgId, made.clusterId);
  return made;
}

/** For a first agent that came too late, or for one that takes over from a lost, revoked or locked identity. */
export async function newCode(ctx: Ctx, id: string): Promise<EnrolmentCommand> {
  const made = await ctx.db.transaction(async (tx) => issueCode(tx, ctx, await getCluster(tx, ctx.orgId, id))); // issueCode writes the audit entry: audit(…)
  await publishCluster(ctx.orgId, id);
  return made;
}

/** The slug stays: specs name it. */
export async function updateCluster(ctx: Ctx, input: UpdateCluster): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const before = await getCluster(tx, ctx.orgId, input.id);
    const after = { name: input.name ?? before.name, region: input.region ?? before.region };
    if (after.name === before.name && after.region === before.region) return;
    await tx.update(clusters).set(after).where(eq(clusters.id, input.id));
    await audit(tx, ctx, { action: "cluster.update", target: { type: "cluster", id: input.id, name: after.name }, before: { name: before.name, region: before.region }, after });
  });
  await publishCluster(ctx.orgId, input.id);
}

/** The identity stops working at once. Jobs are not killed: nothing can reach them any more; they are shown as unreachable. */
export async function revokeAgent(ctx: Ctx, id: string): Promise<void> {
  const revoked = await ctx.db.transaction(async (tx) => {
    const cluster = await getCluster(tx, ctx.orgId, id);
    const now = sql`now()` as unknown as Date;
    const gone = await tx.update(agents).set({ revokedAt: now }).where(and(eq(agents.clusterId, id), isNull(agents.revokedAt))).returning({ id: agents.id });
    for (const agent of gone) await tx.update(agentSessions).set({ endedAt: now }).where(and(eq(agentSessions.agentId, agent.id), isNull(agentSessions.endedAt)));
    await tx.update(enrolments).set({ expiresAt: now }).where(and(eq(enrolments.clusterId, id), isNull(enrolments.usedAt)));
    if (gone.length === 0) return gone;
    await tx.insert(clusterEvents).values({ orgId: ctx.orgId, clusterId: id, kind: "agent.revoked", actor: ctx.actor.name, message: "The agent's identity was revoked." });
    await audit(tx, ctx, { action: "cluster.revoke-agent", target: { type: "cluster", id, name: cluster.name }, before: { agents: gone.map((agent) => agent.id) } });
    return gone;
  });
  await bus().publishNow(revoked.map((agent) => ({ orgId: ctx.orgId, topic: "agent-revoked", id: agent.id })));
  await publishCluster(ctx.orgId, id);
}
