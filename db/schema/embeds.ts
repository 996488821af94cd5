import { sql } from "drizzle-orm";
import { boolean, check, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { RANGE_NAMES } from "../../domain/costs/days.ts";
import { EMBED_BY, EMBED_CAPABILITIES, type EmbedFilter } from "../../domain/costs/embed.ts";
import { orgs } from "./access.ts";
import { id, moment, oneOf, timestamps } from "./columns.ts";

/** A report of costs that other sites may show. */
export const embedReports = pgTable("embed_reports", {
  id: id("embedReport"),
  orgId: text().notNull().references(() => orgs.id),
  title: text().notNull(),
  by: text({ enum: EMBED_BY }).notNull(),
  range: text({ enum: RANGE_NAMES }).notNull(),
  filter: jsonb().$type<EmbedFilter>(), // null: everything that a site may see
  withdrawnAt: moment(),
  createdBy: text().notNull(),
  ...timestamps,
}, (t) => [
  index("embed_reports_org").on(t.orgId),
  check("embed_reports_by_known", oneOf(t.by, EMBED_BY)),
  check("embed_reports_range_known", oneOf(t.range, RANGE_NAMES)),
]);

/** A site that may show reports: it signs tokens with a key of which we have the public half, and can never reach beyond this row. */
export const embedClients = pgTable("embed_clients", {
  id: id("embedClient"),
  orgId: text().notNull().references(() => orgs.id),
  name: text().notNull(),
  publicKey: text().notNull(), // Ed25519, PEM
  origins: text().array().notNull(),
  reportIds: text().array().notNull(),
  projectIds: text().array(), // null: every project, and what nobody held
  mustFilter: boolean().notNull(),
  minGroup: integer(), // people behind every figure; null: one is enough
  capabilities: text({ enum: EMBED_CAPABILITIES }).array().notNull(),
  accent: text(),
  notBefore: moment(), // tokens and sessions from before are dead
  aheadSeconds: integer().notNull().default(0), // the most that its clock was seen to be ahead of ours, by which its tokens are dated
  disabledAt: moment(),
  lastUsedAt: moment(),
  createdBy: text().notNull(),
  ...timestamps,
}, (t) => [index("embed_clients_org").on(t.orgId), check("embed_clients_origin", sql`cardinality(origins) > 0`), check("embed_clients_group", sql`min_group >= 2`)]);

/** Tokens that were exchanged: each once. */
export const embedTokens = pgTable("embed_tokens", { clientId: text().notNull().references(() => embedClients.id), jti: text().notNull(), expiresAt: moment().notNull() }, (t) => [primaryKey({ columns: [t.clientId, t.jti] }), index("embed_tokens_expiry").on(t.expiresAt)]);

export const embedSessions = pgTable("embed_sessions", {
  hash: text().primaryKey(), // SHA-256 of what the frame holds in memory
  clientId: text().notNull().references(() => embedClients.id),
  orgId: text().notNull(),
  viewer: text().notNull(),
  keyThumbprint: text().notNull().default(""), // of the frame's key; empty fits none
  reportIds: text().array().notNull(),
  projectIds: text().array(),
  capabilities: text({ enum: EMBED_CAPABILITIES }).array().notNull(),
  issuedAt: moment().notNull(), // the token's
  expiresAt: moment().notNull(),
}, (t) => [index("embed_sessions_expiry").on(t.expiresAt)]);

/** What frames signed for one request each: no proof counts twice. They go with their session. */
export const embedProofs = pgTable("embed_proofs", {
  sessionHash: text().notNull().references(() => embedSessions.hash, { onDelete: "cascade" }),
  jti: text().notNull(),
  orgId: text().notNull(),
}, (t) => [primaryKey({ columns: [t.sessionHash, t.jti] })]);
