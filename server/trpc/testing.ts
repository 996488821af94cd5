import type { AnyProcedure } from "@trpc/server";
import { v7 } from "uuid";
import { z } from "zod";
import { apiTokens, auditLog, invitations, roleBindings, serviceAccounts } from "../../db/schema/access.ts";
import { usageReviews } from "../../db/schema/costs.ts";
import { reportComments, reports, savedViews } from "../../db/schema/reports.ts";
import { quotas } from "../../db/schema/queue.ts";
import { modelVersions, registeredModels } from "../../db/schema/models.ts";
import { PERMISSIONS, type Permission } from "../../domain/access/permissions.ts";
import { Slug } from "../../domain/shared/ids.ts";
import { ID_PREFIXES, type IdKind } from "../../domain/shared/id-format.ts";
import type { TestServer } from "../access/testing.ts";
import { appRouter } from "./root.ts";

/** Where what is done for every answer stands in the table of routes: nothing answers there. */
export const EVERYWHERE = "/*";

/** One procedure of the router, as declared. */
export interface Walked {
  path: string;
  permission: Permission | "public" | "signed-in";
  type: "query" | "mutation";
  input: z.ZodType | undefined;
}

export const walked: Walked[] = Object.entries(appRouter._def.procedures as unknown as Record<string, AnyProcedure>).map(([path, procedure]) => ({
  path,
  permission: (procedure._def.meta as { permission?: Walked["permission"] } | undefined)?.permission as Walked["permission"],
  type: procedure._def.type as Walked["type"],
  input: (procedure._def as unknown as { inputs: z.ZodType[] }).inputs[0],
}));

export interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  pattern?: string;
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  items?: Schema;
  minimum?: number;
  minLength?: number;
  format?: string;
}

export const jsonSchema = (input: z.ZodType): Schema => z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as Schema;

const branches = (schema: Schema): Schema[] => schema.anyOf ?? schema.oneOf ?? [];

/** The kind of ids that a text is, by the pattern that idSchema gives it. */
function kindOf(schema: Schema): IdKind | undefined {
  const prefix = /^\^([a-z]+)_\[0-9a-f\]/.exec(schema.pattern ?? "")?.[1];
  return (Object.keys(ID_PREFIXES) as IdKind[]).find((one) => ID_PREFIXES[one] === prefix);
}
/** Which kinds of ids a field takes. */
function kindsOf(schema: Schema): IdKind[] {
  const kind = kindOf(schema);
  return kind ? [kind] : branches(schema).flatMap(kindsOf);
}

type Fill = (ids: Record<string, string>, id: string) => unknown;

/** Everywhere in an input that something of a kind may be named, in lists and parts of it too, with an input that is right but for that name. */
function namedIn<Kind>(schema: Schema, kindAt: (of: Schema, name: string) => Kind | undefined, called = ""): { field: string; kind: Kind; fill: Fill }[] {
  const kind = kindAt(schema, called);
  if (kind) return [{ field: "", kind, fill: (_ids, id) => id }];
  const within = (name: string, of: Schema, around: (inner: unknown, ids: Record<string, string>) => unknown) =>
    namedIn(of, kindAt, name).map(({ field, kind: inner, fill: put }) => ({ field: field ? `${name}.${field}` : name, kind: inner, fill: ((ids, id) => around(put(ids, id), ids)) satisfies Fill }));
  const named = Object.entries(schema.properties ?? {}).filter(([name]) => !PLACES.has(name));
  return [
    ...named.flatMap(([name, of]) => within(name, of, (inner, ids) => ({ ...(sample(schema, ids) as object), [name]: inner }))),
    ...(schema.items ? within("0", schema.items, (inner) => [inner]) : []),
    ...branches(schema).flatMap((one) => namedIn(one, kindAt, called)),
  ];
}

/** Something that the schema accepts, as small as possible. */
export function sample(schema: Schema, ids: Record<string, string>): unknown {
  const [kind] = kindsOf(schema);
  if (kind) return ids[kind];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (branches(schema).length > 0) return sample(branches(schema)[0]!, ids);
  if (schema.type === "object") return Object.fromEntries((schema.required ?? []).map((key) => [key, sample(schema.properties![key]!, ids)]));
  if (schema.type === "array") return [sample(schema.items!, ids)];
  if (schema.type === "integer" || schema.type === "number") return Math.max(1, schema.minimum ?? 1);
  if (schema.type === "boolean") return false;
  if (schema.format === "date") return "2026-01-01";
  return "x".repeat(Math.max(1, schema.minLength ?? 1));
}

const EMBED = { name: "c", publicKey: "https://site.example/keys", origins: ["https://a.example"], mustFilter: false, minGroup: null, capabilities: [], accent: null };

/** Inputs that a schema cannot describe: fields whose meaning depends on others. `$foreign` is replaced by each id in turn. */
const BY_HAND: Record<string, { input: Record<string, unknown>; kinds: IdKind[] }[]> = {
  "access.invite": [
    { input: { email: "n@example.test", role: "member", scopeType: "org", scopeId: "$foreign" }, kinds: ["organization"] },
    { input: { email: "n@example.test", role: "member", scopeType: "team", scopeId: "$foreign" }, kinds: ["team"] },
    { input: { email: "n@example.test", role: "member", scopeType: "project", scopeId: "$foreign" }, kinds: ["project"] },
  ],
  "access.grantRole": [
    { input: { principalId: "$user", role: "member", scopeType: "org", scopeId: "$foreign" }, kinds: ["organization"] },
    { input: { principalId: "$user", role: "member", scopeType: "team", scopeId: "$foreign" }, kinds: ["team"] },
    { input: { principalId: "$user", role: "member", scopeType: "project", scopeId: "$foreign" }, kinds: ["project"] },
    { input: { principalId: "$foreign", role: "member", scopeType: "org", scopeId: "$organization" }, kinds: ["user", "serviceAccount"] },
  ],
  "clusters.telemetry": [
    { input: { id: "$foreign", subject: "node", subjectId: "$node", keys: ["cpu"], from: 1_700_000_000_000, to: 1_700_000_060_000, buckets: 10 }, kinds: ["cluster"] },
  ],
  "costs.addPrice": [{ input: { kind: "cpu", clusterId: "$foreign", validFrom: "2026-01-01T00:00:00Z", unitPrice: "1" }, kinds: ["cluster"] }],
  "costs.changeSchedule": [{ input: { id: "$foreign", recipients: ["a@b.test"] }, kinds: ["costSchedule"] }],
  "costs.changeBudget": [{ input: { id: "$foreign", name: "b", amount: "5", levels: [50], policy: "warn" }, kinds: ["budget"] }],
  "costs.changeEmbedClient": [
    { input: { ...EMBED, id: "$foreign", reportIds: ["$embedReport"], projectIds: null }, kinds: ["embedClient"] },
  ],
  "costs.createEmbedClient": [
    { input: { ...EMBED, reportIds: ["$foreign"], projectIds: null }, kinds: ["embedReport"] },
    { input: { ...EMBED, reportIds: ["$embedReport"], projectIds: ["$foreign"] }, kinds: ["project"] },
  ],
  "table.tag": [{ input: { ids: ["$foreign"], set: { a: "b" } }, kinds: ["run"] }],
  "access.createServiceAccount": [{ input: { projectId: "$foreign", name: "sa", role: "member" }, kinds: ["project"] }],
  "access.createMyToken": [{ input: { name: "t", permissions: ["runs:read"], projectId: "$foreign" }, kinds: ["project"] }],
  "access.createToken": [{ input: { name: "t", permissions: ["runs:read"], serviceAccountId: "$foreign" }, kinds: ["serviceAccount"] }],
};

/** A place in a list, not a thing: it only says where to go on. */
const PLACES = new Set(["cursor", "since"]);
/** Filters of lists answer with nothing rather than not_found, the same for a foreign id and a missing one. */
export const FILTERS = new Set([
  ...["experiments.list", "table.search", "table.count", "table.newer", "table.keys", "table.groups"].map((path) => `${path} experimentId`),
  ...["compare.runs", "compare.keys", "compare.series", "compare.values", "compare.diff", "table.rows", "costs.ofRuns"].map((path) => `${path} ids.0`),
  "compare.groups of.ids.0",
  "compare.groups of.experimentId",
]);
/** What is kept of such things is chosen from a list: another's is refused as a wrong choice, in the same words as a missing one. */
export const CHOICES = new Set(["costs.createEmbedClient reportIds", "costs.createEmbedClient projectIds"]);

export interface Probe {
  path: string;
  field: string;
  type: Walked["type"];
  kind: IdKind;
  input: (ids: Record<string, string>, id: string) => unknown;
}

const fill = (value: unknown, ids: Record<string, string>, id: string): unknown =>
  JSON.parse(JSON.stringify(value).replace(/"\$(\w+)"/g, (_, name: string) => JSON.stringify(name === "foreign" ? id : ids[name]))) as unknown;

/** Each id-shaped field of each guarded procedure, with an input that is right but for that field. */
function probesOf({ path, type, input }: Walked): Probe[] {
  const byHand = BY_HAND[path];
  if (byHand) return byHand.flatMap((one) => one.kinds.map((kind) => ({ path, type, kind, field: Object.entries(one.input).find(([, value]) => [value].flat().includes("$foreign"))![0], input: (ids, id) => fill(one.input, ids, id) })));
  if (!input) return [];
  return namedIn(jsonSchema(input), kindOf).map(({ field, kind, fill: put }) => ({ path, field, type, kind, input: put }));
}

/** What is named by its slug rather than by an id. */
const SLUGGED = new Set(["project", "cluster"]);
const SLUG = jsonSchema(Slug).pattern;
const slugAt = ({ pattern }: Schema, name: string): string | undefined => (pattern === SLUG && SLUGGED.has(name) ? name : undefined);

type Org = Awaited<ReturnType<TestServer["make"]["org"]>>;

/** One of everything in a project and the organization around it, by kind of id. */
export async function oneOfEach(server: TestServer, org: Org, project: Org["project"], name: string) {
  const owner = await server.make.member(org, "owner");
  const person = await server.make.member(org, "viewer");
  const cluster = await server.make.cluster(org);
  const node = await server.make.node(cluster, { gpus: 1 });
  const run = await server.make.run(project, owner.id, { status: "running" });
  const attempt = await server.make.attempt(run, cluster.id, { status: "running" });
  const artifact = await server.make.artifact(run, attempt.id, "out.txt", Buffer.from("x"), "text/plain");
  const inProject = { orgId: org.id, projectId: project.id };
  const later = new Date(Date.now() + 86_400_000);
  const [account] = await server.db.insert(serviceAccounts).values({ ...inProject, name: "sa", createdBy: owner.id }).returning();
  const scope = { role: "member" as const, scopeType: "project" as const, scopeId: project.id };
  const [binding] = await server.db.insert(roleBindings).values({ orgId: org.id, principalType: "user", principalId: person.id, ...scope }).returning();
  const [invitation] = await server.db.insert(invitations).values({ orgId: org.id, email: `${name}@example.test`, ...scope, tokenHash: name, invitedBy: owner.id, expiresAt: later }).returning();
  const [token] = await server.db.insert(apiTokens).values({ ...inProject, principalType: "service_account", principalId: account!.id, name: "t", hash: name, lastFour: "0000", permissions: ["org:read"], createdBy: owner.id, expiresAt: later }).returning();
  const [entry] = await server.db.insert(auditLog).values({ ...inProject, actorType: "user", actorId: owner.id, actorName: "o", action: "project.update", targetType: "project", targetId: project.id }).returning();
  const [view] = await server.db.insert(savedViews).values({ ...inProject, ownerId: owner.id, page: "runs", name: "v", sharing: "project", state: "" }).returning();
  const words = { createdByName: "o", updatedByName: "o" };
  const [report] = await server.db.insert(reports).values({ ...inProject, ...words, title: "r", body: "", createdBy: owner.id }).returning();
  const [comment] = await server.db.insert(reportComments).values({ orgId: org.id, reportId: report!.id, authorId: owner.id, authorName: "o", body: "c" }).returning();
  const [quota] = await server.db.insert(quotas).values({ orgId: org.id, scope: "project", scopeId: project.id, model: "*", guaranteed: 1, borrow: true }).returning();
  const [model] = await server.db.insert(registeredModels).values({ ...inProject, name, lastVersion: 1, createdBy: "o" }).returning();
  await server.db.insert(modelVersions).values({ orgId: org.id, modelId: model!.id, version: 1, source: "s3://b/m", location: "s3://b/m", createdBy: "o" });
  const budget = await server.make.budget(org, { name: "b", amount: "5" });
  const embed = await server.make.embed(org, "r", name);
  const [review] = await server.db.insert(usageReviews).values({ orgId: org.id, clusterId: cluster.id, message: "m", evidence: { source: "slurm", lines: [], parts: [] } }).returning();
  const costSchedule = await server.make.schedule(org);
  const ids: Partial<Record<IdKind, string>> = {
    budget: budget.id, embedReport: embed.report.id, embedClient: embed.client.id, costSchedule: costSchedule.id, usageReview: review!.id,
    registeredModel: model!.id,
    user: person.id, organization: org.id, team: org.team.id, project: project.id, binding: binding!.id, invitation: invitation!.id, serviceAccount: account!.id, token: token!.id, audit: entry!.id,
    cluster: cluster.id, node: node.id, experiment: run.experimentId, run: run.id, attempt: attempt.id, artifact: artifact.id, savedView: view!.id, report: report!.id, reportComment: comment!.id, quota: quota!.id,
  };
  return { org, owner, ids: ids as Record<string, string> };
}

/** Every field of every guarded procedure that takes a slug. What they need besides is called `x`. */
export const slugProbes = walked.filter(({ permission, input }) => permission in PERMISSIONS && input).flatMap(({ path, type, input }) => namedIn(jsonSchema(input!), slugAt).map(({ field, kind, fill: put }) => ({ path, field, type, kind, input: put })));
/** Every id-shaped field of every guarded procedure. */
export const probes = walked.filter(({ permission }) => permission in PERMISSIONS).flatMap(probesOf);
/** A well-formed id of a thing that does not exist. */
export const missing = (kind: IdKind) => `${ID_PREFIXES[kind]}_${v7()}`;
/** Any input that the procedure's schema accepts, with the ids given. */
export const someInput = ({ path, input }: Walked, ids: Record<string, string>): unknown =>
  BY_HAND[path] ? fill(BY_HAND[path][0]!.input, ids, ids[BY_HAND[path][0]!.kinds[0]!]!) : input && sample(jsonSchema(input), ids);
export const guarded = walked.filter(({ permission }) => permission in PERMISSIONS);
export const titled = (some: Probe[]) => some.map((probe) => ({ path: probe.path, field: probe.field, probe }));

