import { bigint, foreignKey, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { clusters } from "./clusters.ts";
import { id, moment, timestamps } from "./columns.ts";

/** Single-use codes that let an agent in. Consumed by one conditional UPDATE. */
export const enrolments = pgTable("enrolments", {
  id: id("enrolment"),
  orgId: text().notNull(),
  clusterId: text().notNull(),
  codeHash: text().notNull().unique(),
  createdBy: text().notNull(),
  expiresAt: moment().notNull(),
  usedAt: moment(),
  agentId: text(),
  ...timestamps,
}, (t) => [foreignKey({ columns: [t.orgId, t.clusterId], foreignColumns: [clusters.orgId, clusters.id] })]);

/** The identity of an agent is its key, never its name. One live agent per cluster. */
export const agents = pgTable("agents", {
  id: id("agent"),
  orgId: text().notNull(),
  clusterId: text().notNull(),
  publicKey: text().notNull().unique(), // Ed25519 SPKI, base64
  joinHash: text().notNull(), // hash of the secret the next join must show
  spentJoinHash: text(), // of the join before: its repeat after a crash is the same join
  joinCount: integer().notNull().default(0),
  version: text(),
  protocol: integer(),
  host: jsonb().$type<Record<string, string>>(),
  lastSeenAt: moment(), // flushed once a second for all agents together
  unreachableSince: moment(),
  contactSince: moment().notNull().defaultNow(), // in contact without a gap: since it joined, or came back
  revokedAt: moment(),
  clonedAt: moment(), // locked: a second copy of this identity tried to join
  ...timestamps,
}, (t) => [index("agents_cluster").on(t.clusterId), foreignKey({ columns: [t.orgId, t.clusterId], foreignColumns: [clusters.orgId, clusters.id] })]);

/** A new join ends the sessions before it. */
export const agentSessions = pgTable("agent_sessions", {
  id: id("agentSession"),
  agentId: text().notNull().references(() => agents.id),
  createdAt: moment().notNull().defaultNow(),
  endedAt: moment(),
  telemetryBatch: integer().notNull().default(0), // last batch stored: it and those before are not taken again
}, (t) => [index("agent_sessions_agent").on(t.agentId)]);

/**
 * One row: since when servers have listened without a gap, beaten once a second. Silence of an agent counts only while
 * somebody could have heard it: a control plane that was away must not take its own absence for theirs.
 */
export const serverBeats = pgTable("server_beats", {
  id: text().primaryKey(),
  since: moment().notNull(),
  beatAt: moment().notNull(),
});

/** Servers that want a tunnel from a cluster's agent, to let people into its attempts (agent/protocol/tunnel.ts). */
export const tunnels = pgTable("tunnels", {
  clusterId: text().notNull().references(() => clusters.id),
  serverId: text().notNull(), // one start of one server process
  orgId: text().notNull(),
  peerUrl: text().notNull(), // where other servers reach it, when the agent comes in at one of them
  wantedUntil: moment().notNull(),
}, (t) => [primaryKey({ columns: [t.clusterId, t.serverId] }), index("tunnels_server").on(t.serverId)]);

/** Parts of a large object that is on its way from a cluster (agent/protocol/parts.ts): gone once it is whole. */
export const objectParts = pgTable("object_parts", {
  clusterId: text().notNull().references(() => clusters.id),
  sha256: text().notNull(), // of the whole
  offset: bigint({ mode: "number" }).notNull(),
  orgId: text().notNull(),
  bytes: bigint({ mode: "number" }).notNull(),
  key: text().notNull(), // where the store has it
  partSha256: text().notNull(),
  at: moment().notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.clusterId, t.sha256, t.offset] }), index("object_parts_at").on(t.at)]);
