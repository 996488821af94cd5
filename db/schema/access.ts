import { boolean, check, foreignKey, index, jsonb, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { ROLE_NAMES, SCOPE_TYPES } from "../../domain/access/roles.ts";
import { id, moment, oneOf, timestamps } from "./columns.ts";

// ── sign-in: the four tables better-auth reads and writes ────────────────────────────────────────────────
export const users = pgTable("users", {
  id: id("user"),
  name: text().notNull(),
  email: text().notNull().unique(),
  emailVerified: boolean().notNull().default(false),
  image: text(),
  ...timestamps,
});
export const sessions = pgTable("sessions", {
  id: text().primaryKey(),
  token: text().notNull().unique(),
  userId: text().notNull().references(() => users.id, { onDelete: "cascade" }),
  expiresAt: moment().notNull(),
  ipAddress: text(),
  userAgent: text(),
  ...timestamps,
}, (t) => [index("sessions_user").on(t.userId)]);
export const accounts = pgTable("accounts", {
  id: text().primaryKey(),
  accountId: text().notNull(),
  providerId: text().notNull(),
  userId: text().notNull().references(() => users.id, { onDelete: "cascade" }),
  accessToken: text(),
  refreshToken: text(),
  idToken: text(),
  accessTokenExpiresAt: moment(),
  refreshTokenExpiresAt: moment(),
  scope: text(),
  password: text(),
  ...timestamps,
}, (t) => [index("accounts_user").on(t.userId)]);
export const verifications = pgTable("verifications", {
  id: text().primaryKey(),
  identifier: text().notNull(),
  value: text().notNull(),
  expiresAt: moment().notNull(),
  ...timestamps,
}, (t) => [index("verifications_identifier").on(t.identifier)]);

/** The one-time link printed at the first start. One row per printed link; only the hash is kept. */
export const setupLinks = pgTable("setup_links", { tokenHash: text().primaryKey(), expiresAt: moment().notNull(), usedAt: moment() });

// ── the tree: organization › team › project ──────────────────────────────────────────────────────────────
export const orgs = pgTable("orgs", { id: id("organization"), slug: text().notNull().unique(), name: text().notNull(), ...timestamps });
export const teams = pgTable("teams", {
  id: id("team"),
  orgId: text().notNull().references(() => orgs.id),
  slug: text().notNull(),
  name: text().notNull(),
  archivedAt: moment(),
  ...timestamps,
}, (t) => [unique("teams_org_id").on(t.orgId, t.id), unique("teams_org_slug").on(t.orgId, t.slug)]);
export const projects = pgTable("projects", {
  id: id("project"),
  orgId: text().notNull(),
  teamId: text().notNull(),
  slug: text().notNull(),
  name: text().notNull(),
  archivedAt: moment(), // what is in it stays to be seen; nothing new comes in
  ...timestamps,
}, (t) => [
  foreignKey({ columns: [t.orgId, t.teamId], foreignColumns: [teams.orgId, teams.id] }), // never across organizations
  unique("projects_org_id").on(t.orgId, t.id),
  unique("projects_org_slug").on(t.orgId, t.slug),
]);

/** Of a project, for its runs. `sealed` opens only with the server's own key, which is not in the database. */
export const projectSecrets = pgTable("project_secrets", {
  id: id("secret"),
  orgId: text().notNull(),
  projectId: text().notNull(),
  name: text().notNull(), // of the variable that a run gets it as
  sealed: text().notNull(),
  setBy: text().notNull(), // by name, as it was
  setAt: moment().notNull().defaultNow(),
  lastUsedAt: moment(),
  lastUsedRunId: text(),
  ...timestamps,
}, (t) => [
  foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] }),
  unique("project_secrets_name").on(t.projectId, t.name),
]);

// ── who may what ─────────────────────────────────────────────────────────────────────────────────────────
export const serviceAccounts = pgTable("service_accounts", {
  id: id("serviceAccount"),
  orgId: text().notNull().references(() => orgs.id),
  projectId: text().notNull(), // a service account lives in one project
  name: text().notNull(),
  createdBy: text().notNull(),
  disabledAt: moment(),
  ...timestamps,
}, (t) => [
  foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] }),
  unique("service_accounts_name").on(t.projectId, t.name),
]);
/** One role given to one principal at one node of the tree. */
export const roleBindings = pgTable("role_bindings", {
  id: id("binding"),
  orgId: text().notNull().references(() => orgs.id),
  principalType: text({ enum: ["user", "service_account"] }).notNull(),
  principalId: text().notNull(),
  role: text({ enum: ROLE_NAMES }).notNull(),
  scopeType: text({ enum: SCOPE_TYPES }).notNull(),
  scopeId: text().notNull(),
  grantedBy: text(),
  ...timestamps,
}, (t) => [
  unique("role_bindings_once").on(t.orgId, t.principalId, t.role, t.scopeType, t.scopeId),
  index("role_bindings_principal").on(t.principalId),
  check("role_bindings_role_known", oneOf(t.role, ROLE_NAMES)),
  check("role_bindings_scope_known", oneOf(t.scopeType, SCOPE_TYPES)),
]);
/** Everybody who ever held a role in an organization: whose names it may read. A trigger of role_bindings keeps it. */
export const orgPeople = pgTable("org_people", { orgId: text().notNull().references(() => orgs.id), userId: text().notNull().references(() => users.id, { onDelete: "cascade" }) }, (t) => [
  primaryKey({ columns: [t.orgId, t.userId] }),
]);
export const invitations = pgTable("invitations", {
  id: id("invitation"),
  orgId: text().notNull().references(() => orgs.id),
  email: text().notNull(),
  role: text({ enum: ROLE_NAMES }).notNull(),
  scopeType: text({ enum: SCOPE_TYPES }).notNull(),
  scopeId: text().notNull(),
  tokenHash: text().notNull().unique(),
  invitedBy: text().notNull(),
  expiresAt: moment().notNull(),
  acceptedAt: moment(),
  revokedAt: moment(),
  ...timestamps,
}, (t) => [index("invitations_org").on(t.orgId, t.id), check("invitations_role_known", oneOf(t.role, ROLE_NAMES))]);
/** `drv_<kind>_<id>_<secret>_<crc>`; only the SHA-256 of the whole is kept. */
export const apiTokens = pgTable("api_tokens", {
  id: id("token"),
  orgId: text().notNull().references(() => orgs.id),
  projectId: text(), // null: wherever its owner may
  principalType: text({ enum: ["user", "service_account"] }).notNull(),
  principalId: text().notNull(),
  name: text().notNull(),
  hash: text().notNull().unique(),
  lastFour: text().notNull(),
  permissions: text().array().notNull(), // a subset; never more than its owner holds at the time of use
  expiresAt: moment().notNull(),
  lastUsedAt: moment(),
  revokedAt: moment(),
  createdBy: text().notNull(),
  ...timestamps,
}, (t) => [index("api_tokens_org").on(t.orgId, t.id), foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] })]);

/** Who did what to what. Only ever appended to; written in the transaction of the change itself. */
export const auditLog = pgTable("audit_log", {
  id: id("audit"),
  orgId: text().notNull(),
  projectId: text(), // where the target lives, when it lives in a project
  at: moment().notNull().defaultNow(),
  actorType: text({ enum: ["user", "service_account", "agent", "system"] }).notNull(),
  actorId: text().notNull(),
  actorName: text().notNull(), // as it was then
  tokenId: text(),
  requestId: text(),
  action: text().notNull(), // `run.cancel`
  targetType: text().notNull(),
  targetId: text().notNull(),
  targetName: text(),
  before: jsonb(),
  after: jsonb(),
  reason: text(),
}, (t) => [
  index("audit_log_org").on(t.orgId, t.id),
  index("audit_log_target").on(t.orgId, t.targetId, t.id),
  index("audit_log_actor").on(t.orgId, t.actorId, t.id),
]);
