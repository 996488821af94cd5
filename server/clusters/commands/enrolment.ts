import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { enrolments } from "../../../db/schema/agents.ts";
import { clusterEvents, clusters } from "../../../db/schema/clusters.ts";
import type { EnrolmentCommand } from "../../../domain/clusters/cluster-view.ts";
import type { CreateCluster } from "../../../domain/clusters/inputs.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { slugify } from "../../../domain/shared/id-format.ts";
import { env } from "../../../env.ts";
import type { Actor } from "../../access/actor.ts";
import { audit } from "../../access/audit.ts";
import { randomSecret, sha256 } from "../../access/secrets.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";

const VALID_MINUTES = 15;
/** Slug of the cluster that `./drover up` connects by itself. */
export const LOCAL_SLUG = "local";

/**
 * A cluster without an agent, and the command that brings one.
 * @throws DomainError conflict when the name is taken.
 */
export async function createCluster(ctx: Ctx, { name, region }: CreateCluster): Promise<EnrolmentCommand> {
  const slug = slugify(name);
  if (slug === LOCAL_SLUG) throw nameTaken(`“${name}” is kept for the machine that Drover itself runs on. Choose another name.`);
  const made = await ctx.db.transaction(async (tx) => {
    const made = await insertCluster(tx, ctx, { slug, name, region });
    if (!made) throw nameTaken("A cluster with this name exists. Choose another name, or ask for a new code on its page.");
    return made;
  });
  await publishCluster(ctx.orgId, made.clusterId);
  return { ...made, command: enrolCommand(made.code) };
}

const nameTaken = (message: string) => new DomainError("conflict", message, { issues: [{ field: "name", message }] });

/** A new code for a cluster that exists. Codes from before stop working; an agent that is connected stays until the new one enrols. */
export async function newCode(ctx: Ctx, id: string): Promise<EnrolmentCommand> {
  const made = await ctx.db.transaction(async (tx) => {
    const [cluster] = await tx.select().from(clusters).where(and(eq(clusters.orgId, ctx.orgId), eq(clusters.id, id))).for("no key update");
    if (!cluster) throw notFound();
    return insertCode(tx, ctx, cluster);
  });
  await publishCluster(ctx.orgId, id);
  return { clusterId: id, ...made, command: enrolCommand(made.code) };
}

/** null when the slug is taken. */
export async function insertCluster(tx: Tx, by: { orgId: string; actor: Actor; requestId: string | null }, values: { slug: string; name: string; region: string }) {
  const [cluster] = await tx.insert(clusters).values({ orgId: by.orgId, ...values }).onConflictDoNothing().returning();
  if (!cluster) return null;
  await tx.insert(clusterEvents).values({ orgId: by.orgId, clusterId: cluster.id, kind: "cluster.created", actor: by.actor.name, message: `${cluster.name} was added. Its agent has yet to connect.` });
  await audit(tx, by, { action: "cluster.create", target: { type: "cluster", id: cluster.id, name: cluster.name }, after: values });
  return { clusterId: cluster.id, ...(await insertCode(tx, by, cluster)) };
}

/** Only the hash is kept. One code at a time: whoever asks for one may have lost the one before. */
export async function insertCode(tx: Tx, by: { orgId: string; actor: Actor; requestId: string | null }, cluster: { id: string; name: string }): Promise<{ code: string; expiresAt: Date }> {
  const code = randomSecret();
  await tx.update(enrolments).set({ expiresAt: sql`now()` }).where(and(eq(enrolments.clusterId, cluster.id), isNull(enrolments.usedAt), gt(enrolments.expiresAt, sql`now()`)));
  const [row] = await tx
    .insert(enrolments)
    .values({ orgId: by.orgId, clusterId: cluster.id, codeHash: sha256(code), createdBy: by.actor.id, expiresAt: sql`now() + make_interval(mins => ${VALID_MINUTES})` })
    .returning({ id: enrolments.id, expiresAt: enrolments.expiresAt });
  await audit(tx, by, { action: "cluster.enrol-code", target: { type: "cluster", id: cluster.id, name: cluster.name }, after: { enrolmentId: row!.id, expiresAt: row!.expiresAt } });
  return { code, expiresAt: row!.expiresAt };
}

/** One line for the machine that shall run the agent. Needs curl and Node there, nothing else. */
function enrolCommand(code: string): string {
  const url = env().DROVER_URL.replace(/\/+$/, "");
  return `curl -fsSL ${url}/api/agent/install/agent.mjs -o drover-agent.mjs && node drover-agent.mjs enrol --url ${url} --code ${code} && node drover-agent.mjs run`;
}

/** Open pages refetch the cluster, and placement looks again. */
export async function publishCluster(orgId: string, clusterId: string, more: { topic: string; id: string }[] = []): Promise<void> {
  const topics = [{ topic: "cluster", id: clusterId }, { topic: "queue", id: orgId }, { topic: "audit", id: orgId }, ...more];
  await bus().publishNow(topics.map((change) => ({ orgId, ...change })));
}
