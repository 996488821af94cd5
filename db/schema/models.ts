import { sql } from "drizzle-orm";
import { bigint, check, doublePrecision, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { LOGGED_MODEL_STATUSES, STAGES, VERSION_STATUSES } from "../../domain/models/registry.ts";
import { WEBHOOK_STATUSES } from "../../domain/models/webhooks.ts";
import { projects } from "./access.ts";
import { id, moment, oneOf, timestamps } from "./columns.ts";
import { experiments, objects, runs } from "./experiments.ts";

type Texts = Record<string, string>;
const texts = () => jsonb().$type<Texts>().notNull().default({});

/** A model as a run left it (MLflow 3): files of its own, parameters, metrics. `m-<32 hex>`, as clients expect. */
export const loggedModels = pgTable("logged_models", {
  id: text().primaryKey(),
  orgId: text().notNull(),
  projectId: text().notNull(),
  experimentId: text().notNull(),
  name: text().notNull(),
  modelType: text(),
  sourceRunId: text(),
  status: text({ enum: LOGGED_MODEL_STATUSES }).notNull().default("LOGGED_MODEL_PENDING"),
  statusMessage: text(),
  creator: text().notNull(),
  params: texts(),
  tags: texts(),
  deletedAt: moment(),
  ...timestamps,
}, (t) => [
  foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] }),
  foreignKey({ columns: [t.orgId, t.experimentId], foreignColumns: [experiments.orgId, experiments.id] }),
  foreignKey({ columns: [t.orgId, t.sourceRunId], foreignColumns: [runs.orgId, runs.id] }),
  unique("logged_models_org_id").on(t.orgId, t.id),
  index("logged_models_experiment").on(t.experimentId, t.createdAt.desc(), t.id),
  index("logged_models_run").on(t.sourceRunId),
  check("logged_models_status_known", oneOf(t.status, LOGGED_MODEL_STATUSES)),
]);
export const loggedModelFiles = pgTable("logged_model_files", {
  id: id("modelFile"),
  orgId: text().notNull(),
  modelId: text().notNull(),
  path: text().notNull(),
  sha256: text().notNull(),
  bytes: bigint({ mode: "number" }).notNull(),
  contentType: text().notNull(),
  ...timestamps,
}, (t) => [
  foreignKey({ columns: [t.orgId, t.modelId], foreignColumns: [loggedModels.orgId, loggedModels.id] }),
  foreignKey({ columns: [t.orgId, t.sha256], foreignColumns: [objects.orgId, objects.sha256] }),
  unique("logged_model_files_path").on(t.modelId, t.path),
  index("logged_model_files_object").on(t.orgId, t.sha256),
]);
/** What clients logged with a `model_id`: the last value of each key, run and data set. */
export const loggedModelMetrics = pgTable("logged_model_metrics", {
  modelId: text().notNull().references(() => loggedModels.id),
  runId: text().notNull(),
  key: text().notNull(),
  value: doublePrecision().notNull(),
  time: bigint({ mode: "number" }).notNull(), // Unix ms
  step: bigint({ mode: "number" }).notNull(),
  datasetName: text().notNull().default(""),
  datasetDigest: text().notNull().default(""),
}, (t) => [primaryKey({ columns: [t.modelId, t.key, t.runId, t.datasetName, t.datasetDigest] })]);
/** Which run made or used which logged model. */
export const runModels = pgTable("run_models", {
  runId: text().notNull().references(() => runs.id),
  modelId: text().notNull().references(() => loggedModels.id),
  role: text({ enum: ["input", "output"] }).notNull(),
  step: bigint({ mode: "number" }).notNull().default(0),
}, (t) => [primaryKey({ columns: [t.runId, t.role, t.modelId] }), index("run_models_model").on(t.modelId)]);

/** A name under which versions are released. */
export const registeredModels = pgTable("registered_models", {
  id: id("registeredModel"),
  orgId: text().notNull(),
  projectId: text().notNull(),
  name: text().notNull(),
  description: text(),
  tags: texts(),
  /** The highest number ever given: a deleted version's number is not given again. */
  lastVersion: integer().notNull().default(0),
  createdBy: text().notNull(), // a name, as it was then
  ...timestamps,
}, (t) => [
  foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] }),
  unique("registered_models_org_id").on(t.orgId, t.id),
  unique("registered_models_name").on(t.projectId, t.name),
  index("registered_models_org").on(t.orgId, t.updatedAt),
]);
export const modelVersions = pgTable("model_versions", {
  modelId: text().notNull(),
  version: integer().notNull(),
  orgId: text().notNull(),
  description: text(),
  source: text().notNull(),
  /** Where its files are: of a run, of a logged model, or somewhere of its own. */
  location: text().notNull(),
  runId: text(),
  loggedModelId: text(),
  runLink: text(),
  stage: text({ enum: STAGES }).notNull().default("None"),
  status: text({ enum: VERSION_STATUSES }).notNull().default("READY"),
  statusMessage: text(),
  tags: texts(),
  createdBy: text().notNull(),
  ...timestamps,
}, (t) => [
  primaryKey({ columns: [t.modelId, t.version] }),
  foreignKey({ columns: [t.orgId, t.modelId], foreignColumns: [registeredModels.orgId, registeredModels.id] }),
  foreignKey({ columns: [t.orgId, t.runId], foreignColumns: [runs.orgId, runs.id] }),
  foreignKey({ columns: [t.orgId, t.loggedModelId], foreignColumns: [loggedModels.orgId, loggedModels.id] }),
  index("model_versions_run").on(t.runId),
  index("model_versions_logged").on(t.loggedModelId),
  check("model_versions_stage_known", oneOf(t.stage, STAGES)),
  check("model_versions_status_known", oneOf(t.status, VERSION_STATUSES)),
]);
export const modelAliases = pgTable("model_aliases", {
  modelId: text().notNull().references(() => registeredModels.id),
  alias: text().notNull(),
  version: integer().notNull(),
  setBy: text().notNull(),
  setAt: moment().notNull().defaultNow(),
}, (t) => [
  primaryKey({ columns: [t.modelId, t.alias] }),
  foreignKey({ columns: [t.modelId, t.version], foreignColumns: [modelVersions.modelId, modelVersions.version] }),
]);
/** Who promoted what, when: the model's timeline. */
export const modelEvents = pgTable("model_events", {
  id: id("modelEvent"),
  orgId: text().notNull(),
  modelId: text().notNull().references(() => registeredModels.id, { onDelete: "cascade" }),
  version: integer(),
  at: moment().notNull().defaultNow(),
  kind: text().notNull(), // model.created, version.created, version.stage, alias.set, …
  actor: text(),
  message: text().notNull(),
}, (t) => [index("model_events_model").on(t.modelId, t.id), index("model_events_version").on(t.modelId, t.version, t.id).where(sql`version is not null`)]);

/** Whom to tell of changes in a project's registry. */
export const webhooks = pgTable("webhooks", {
  id: id("webhook"),
  orgId: text().notNull(),
  projectId: text().notNull(),
  name: text().notNull(),
  url: text().notNull(),
  events: text().array().notNull(),
  description: text(),
  status: text({ enum: WEBHOOK_STATUSES }).notNull().default("ACTIVE"),
  /** Signs deliveries. Sealed with the server's secret. */
  secret: text(),
  createdBy: text().notNull(),
  ...timestamps,
}, (t) => [
  foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] }),
  index("webhooks_project").on(t.projectId, t.id),
  check("webhooks_status_known", oneOf(t.status, WEBHOOK_STATUSES)),
]);
/** The outbox: messages to send, and for a month what became of them. */
export const webhookDeliveries = pgTable("webhook_deliveries", {
  id: id("webhookDelivery"),
  orgId: text().notNull(),
  webhookId: text().notNull().references(() => webhooks.id, { onDelete: "cascade" }),
  event: text().notNull(),
  data: jsonb().$type<Record<string, unknown>>().notNull(),
  at: moment().notNull().defaultNow(),
  tries: integer().notNull().default(0),
  nextAt: moment().defaultNow(), // null once sent or given up
  sentAt: moment(),
  lastStatus: integer(),
  lastError: text(),
}, (t) => [index("webhook_deliveries_due").on(t.nextAt).where(sql`next_at is not null`), index("webhook_deliveries_hook").on(t.webhookId, t.id)]);
