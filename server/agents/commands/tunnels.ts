import { and, eq, lt, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { tunnels } from "../../../db/schema/agents.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import type { Bus } from "../../bus.ts";

/** Longer than the time between two keepings: a server that died is not dialled for longer. */
const WANTED_SECONDS = 60;
const UNTIL = sql`now() + make_interval(secs => ${WANTED_SECONDS})`;

/** Tells a cluster's agent to dial this server. */
export async function wantTunnel(db: Db, bus: Bus, { clusterId, serverId, peerUrl }: { clusterId: string; serverId: string; peerUrl: string }): Promise<void> {
  const [cluster] = await db.select({ orgId: clusters.orgId }).from(clusters).where(eq(clusters.id, clusterId));
  if (!cluster) return;
  await db.delete(tunnels).where(and(eq(tunnels.clusterId, clusterId), lt(tunnels.wantedUntil, sql`now()`))); // of servers that died
  await db.insert(tunnels).values({ clusterId, serverId, orgId: cluster.orgId, peerUrl, wantedUntil: UNTIL }).onConflictDoUpdate({ target: [tunnels.clusterId, tunnels.serverId], set: { wantedUntil: UNTIL } });
  await bus.publishNow([{ orgId: cluster.orgId, topic: "agent-desired", id: clusterId }]);
}

/** It is still wanted. */
export async function keepTunnel(db: Db, clusterId: string, serverId: string): Promise<void> {
  await db.update(tunnels).set({ wantedUntil: UNTIL as unknown as Date }).where(and(eq(tunnels.clusterId, clusterId), eq(tunnels.serverId, serverId)));
}

/** It is not wanted any more: the agent closes it. */
export async function dropTunnel(db: Db, bus: Bus, clusterId: string, serverId: string): Promise<void> {
  const [gone] = await db.delete(tunnels).where(and(eq(tunnels.clusterId, clusterId), eq(tunnels.serverId, serverId))).returning({ orgId: tunnels.orgId });
  if (gone) await bus.publishNow([{ orgId: gone.orgId, topic: "agent-desired", id: clusterId }]);
}
