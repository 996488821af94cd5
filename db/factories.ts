import { createHash, randomBytes } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { hashPassword } from "better-auth/crypto";
import { eq } from "drizzle-orm";
import type { Role, ScopeType } from "../domain/access/roles.ts";
import type { ForeignJob } from "../domain/agents/scheduler.ts";
import type { Capabilities } from "../domain/clusters/capabilities.ts";
import { RunSpec, type RunSpecInput } from "../domain/experiments/run-spec.ts";
import { slugify } from "../domain/shared/id-format.ts";
import type { DbOrTx } from "./client.ts";
import { makeMoney, makeOutside } from "./factories-costs.ts";
import { accounts, orgs, projects, roleBindings, teams, users } from "./schema/access.ts";
import { agents } from "./schema/agents.ts";
import { accelerators, clusterSchedulers, clusters, nodes, telemetry } from "./schema/clusters.ts";
import { datasets, runInputs } from "./schema/datasets.ts";
import { artifacts, attempts, experiments, logChunks, logHeads, metricBatches, metricSummaries, objects, runEvents, runParams, runs, runTags } from "./schema/experiments.ts";
import { modelAliases, modelEvents, modelVersions, registeredModels } from "./schema/models.ts";
import { reports, reportVersions } from "./schema/reports.ts";

/** The password of every made person that got none. */
export const PASSWORD = "correct horse battery";

export type Values<T extends { $inferInsert: object }> = Partial<T["$inferInsert"]>;
export type Org = { id: string; slug: string };
type Project = { id: string; orgId: string; slug: string };

const ON_ONE_MACHINE: Capabilities = { driver: "process", maxNodes: 1, launchers: ["none", "torchrun"], git: true, checkpoint: true, overrides: [], memoryLimit: "cgroup" };
let counter = 0;
/** A word that no other made thing has: tests share a database server, never a name. */
const fresh = (word: string): string => `${word}-${(++counter).toString(36)}${randomBytes(4).toString("hex")}`;

/** One set of factories for seed, tests and e2e: every field has a sensible value, say only what your case is about. */
export function factories(db: DbOrTx) {
  return { ...makeAccess(db), ...makeClusters(db), ...makeRuns(db), ...makeMoney(db), ...makeOutside(db), ...makeRecords(db), ...makeInputs(db) };
}

export type Factories = ReturnType<typeof factories>;

function makeAccess(db: DbOrTx) {
  /** An organization with team "Default" and project "default", as the first sign-up makes it. */
  async function org(values: Values<typeof orgs> = {}) {
    const name = values.name ?? fresh("Acme");
    const [made] = await db.insert(orgs).values({ slug: slugify(name), name, ...values }).returning();
    const [team] = await db.insert(teams).values({ orgId: made!.id, slug: "default", name: "Default" }).returning();
    const project = await makeProject(made!, { teamId: team!.id, name: "Default" });
    return { ...made!, team: team!, project };
  }

  async function makeProject(of: Org, values: Values<typeof projects> & { teamId: string }) {
    const name = values.name ?? fresh("project");
    const [made] = await db.insert(projects).values({ orgId: of.id, slug: slugify(name), name, ...values }).returning();
    return made!;
  }

  async function team(of: Org, values: Values<typeof teams> = {}) {
    const name = values.name ?? fresh("team");
    const [made] = await db.insert(teams).values({ orgId: of.id, slug: slugify(name), name, ...values }).returning();
    return made!;
  }

  /** A person who can sign in with `password`. */
  async function user(values: Values<typeof users> & { password?: string } = {}) {
    const { password = PASSWORD, ...rest } = values;
    const email = rest.email ?? `${fresh("person")}@example.test`;
    const [made] = await db.insert(users).values({ name: rest.name ?? email.split("@")[0]!, email, ...rest }).returning();
    await db.insert(accounts).values({ id: crypto.randomUUID(), accountId: made!.id, providerId: "credential", userId: made!.id, password: await hashPassword(password) });
    return { ...made!, password };
  }

  async function role(of: Org, userId: string, name: Role, scopeType: ScopeType = "org", scopeId: string = of.id) {
    await db.insert(roleBindings).values({ orgId: of.id, principalType: "user", principalId: userId, role: name, scopeType, scopeId });
  }

  /** A person with one role: on the organization where that role may be held there, else on its first team or project. */
  async function member(of: Org & { team: { id: string }; project: { id: string } }, name: Role, values: Values<typeof users> & { password?: string } = {}) {
    const person = await user(values);
    if (name === "team_lead") await role(of, person.id, name, "team", of.team.id);
    else if (name === "project_admin") await role(of, person.id, name, "project", of.project.id);
    else await role(of, person.id, name);
    return person;
  }

  return { org, project: makeProject, team, user, role, member };
}

function makeClusters(db: DbOrTx) {
  /** A cluster whose agent joined and was seen at `seenAt` (now, unless said otherwise); null: it was never enrolled. */
  async function cluster(of: Org, values: Values<typeof clusters> & { seenAt?: Date | null } = {}) {
    const { seenAt = new Date(), ...rest } = values;
    const name = rest.name ?? fresh("cluster");
    const joined = seenAt ? { driver: "process" as const, capabilities: ON_ONE_MACHINE } : {};
    const [made] = await db.insert(clusters).values({ orgId: of.id, slug: slugify(name), name, ...joined, ...rest }).returning();
    if (seenAt) {
      await db.insert(agents).values({ orgId: of.id, clusterId: made!.id, publicKey: fresh("key"), joinHash: "0".repeat(64), version: "0.1.0", protocol: 1, host: { hostname: slugify(name), os: "Debian 12", arch: "x64", node: "24.21.0" }, lastSeenAt: seenAt });
    }
    return made!;
  }

  async function node(of: { id: string; orgId: string }, values: Values<typeof nodes> & { gpus?: number; gpuModel?: string; gpuMemoryMib?: number } = {}) {
    const { gpus = 0, gpuModel = "NVIDIA H100 80GB HBM3", gpuMemoryMib = 81_559, ...rest } = values;
    const [made] = await db.insert(nodes).values({ orgId: of.orgId, clusterId: of.id, name: fresh("node"), cpus: 16, memoryMib: 65_536, diskMib: 500_000, state: "up", seenAt: new Date(), ...rest }).returning();
    const cards = Array.from({ length: gpus }, (_, index) => ({ orgId: of.orgId, clusterId: of.id, nodeId: made!.id, index, uuid: `GPU-${made!.id}-${index}`, model: gpuModel, memoryMib: gpuMemoryMib, health: "ok" as const }));
    if (cards.length > 0) await db.insert(accelerators).values(cards);
    return made!;
  }

  /** Samples of one series, a row per call. */
  async function samples(clusterId: string, subject: "node" | "accelerator" | "attempt", subjectId: string, key: string, points: readonly { at: number; value: number }[]) {
    await db.insert(telemetry).values({ clusterId, subject, subjectId, key, at: new Date(points[0]!.at), times: points.map(({ at }) => at), values: points.map(({ value }) => value) });
  }

  /** What a Slurm's agent tells of it, with these jobs from outside Drover. */
  async function scheduler(of: { id: string; orgId: string }, jobs: ForeignJob[]) {
    const partitions = [{ name: "gpu", isDefault: true, state: "UP", nodes: 4, cpus: 256, gpus: 32, maxSeconds: 86_400, preemption: null, allowed: "" }];
    const qos = [{ name: "high", priority: 1000, maxSeconds: null, limits: "", preempts: "low" }];
    await db.insert(clusterSchedulers).values({ clusterId: of.id, orgId: of.orgId, report: { kind: "slurm", partitions, reservations: [], qos, accounts: [] }, jobs, jobCount: jobs.length, seenAt: new Date() });
  }
  return { cluster, node, samples, scheduler };
}

function makeRuns(db: DbOrTx) {
  async function experiment(of: Project, values: Values<typeof experiments> = {}) {
    const [made] = await db.insert(experiments).values({ orgId: of.orgId, projectId: of.id, name: fresh("experiment"), ...values }).returning();
    return made!;
  }

  /** A run that was not submitted but put there: no events, no audit entry, no attempts. */
  async function run(of: Project, ownerId: string, values: Values<typeof runs> & { input?: Partial<RunSpecInput> } = {}) {
    const { input, ...rest } = values;
    const experimentId = rest.experimentId ?? (await experiment(of)).id;
    const spec = RunSpec.parse({ name: rest.name ?? fresh("run"), project: of.slug, command: "true", ...input });
    const { cpus, memory: memoryMib, gpus, nodes: count } = spec.resources;
    const [made] = await db
      .insert(runs)
      .values({ orgId: of.orgId, projectId: of.id, name: spec.name, spec, priority: spec.priority, ownerType: "user", ownerId, cpus, memoryMib, gpus, nodes: count, ...rest, experimentId })
      .returning();
    return made!;
  }

  async function attempt(of: { id: string; orgId: string; cpus: number; memoryMib: number; gpus: number; nodes: number }, clusterId: string, values: Values<typeof attempts> = {}) {
    const { cpus, memoryMib, gpus, nodes: count } = of;
    const [made] = await db
      .insert(attempts)
      .values({ orgId: of.orgId, runId: of.id, clusterId, number: 1, leaseUntil: new Date(Date.now() + 90_000), cpus, memoryMib, gpus, nodes: count, ...values })
      .returning();
    await db.insert(logHeads).values({ attemptId: made!.id });
    await db.update(runs).set({ clusterId, attemptCount: made!.number }).where(eq(runs.id, of.id));
    return made!;
  }

  async function event(of: { id: string; orgId: string }, values: Values<typeof runEvents> & { kind: string; message: string }) {
    await db.insert(runEvents).values({ orgId: of.orgId, runId: of.id, ...values });
  }

  /** The parameters and tags of a made run's spec, as a submit writes them beside it. */
  async function described({ id, spec }: { id: string; spec: RunSpec | null }) {
    const rows = (of: Record<string, unknown>) => Object.entries(of).map(([key, value]) => ({ runId: id, key, value: String(value) }));
    await db.insert(runParams).values(rows(spec!.params));
    await db.insert(runTags).values(rows(spec!.tags));
  }

  return { experiment, run, described, attempt, event };
}

function makeInputs(db: DbOrTx) {
  /** A data set that a run says it read. */
  async function input(of: { id: string; orgId: string; projectId: string }, name: string, digest: string, context: string | null) {
    const [made] = await db.insert(datasets).values({ orgId: of.orgId, projectId: of.projectId, name, digest, sourceType: "http", source: "{}" }).returning();
    await db.insert(runInputs).values({ runId: of.id, datasetId: made!.id, tags: context ? { "mlflow.data.context": context } : {} });
    return made!;
  }
  return { input };
}

function makeRecords(db: DbOrTx) {
  /** One series of a run, with its summary. Steps grow. */
  async function metrics(runId: string, attemptId: string | null, key: string, points: readonly { step: number; at: number; value: number }[]) {
    const steps = points.map(({ step }) => step);
    const times = points.map(({ at }) => at);
    const values = points.map(({ value }) => value);
    const finite = values.filter(Number.isFinite);
    const last = points.at(-1)!;
    await db.insert(metricBatches).values({ runId, attemptId, key, minStep: Math.min(...steps), maxStep: Math.max(...steps), steps, times, values });
    const [of] = await db.select({ experimentId: runs.experimentId }).from(runs).where(eq(runs.id, runId));
    await db.insert(metricSummaries).values({
      runId, key, experimentId: of!.experimentId, count: points.length, min: finite.length > 0 ? Math.min(...finite) : null, max: finite.length > 0 ? Math.max(...finite) : null,
      last: last.value, lastStep: last.step, lastTime: last.at, minStep: Math.min(...steps), maxStep: Math.max(...steps), minTime: Math.min(...times), maxTime: Math.max(...times),
    });
  }

  /** The whole log of an attempt, in one chunk of one stream. */
  async function log(attemptId: string, text: string, at = new Date(), stream: "stdout" | "stderr" = "stdout") {
    const raw = Buffer.from(text);
    const lines = text.split("\n").length - 1;
    await db.insert(logChunks).values({ attemptId, seq: 0, stream, offset: 0, length: raw.length, start: 0, line: 0, lines, at, body: zstdCompressSync(raw) });
    const next = stream === "stdout" ? { stdoutNext: raw.length } : { stderrNext: raw.length };
    await db.insert(logHeads).values({ attemptId, nextSeq: 1, ...next, bytes: raw.length, lines }).onConflictDoUpdate({ target: logHeads.attemptId, set: { nextSeq: 1, ...next, bytes: raw.length, lines } });
  }

  /** What a retention rule leaves of a log. */
  async function emptiedLog(attemptId: string) {
    await db.delete(logChunks).where(eq(logChunks.attemptId, attemptId));
    await db.update(logHeads).set({ nextSeq: 0 }).where(eq(logHeads.attemptId, attemptId));
  }

  /** The row of an artifact; its bytes are for the caller to put into the object store. */
  async function artifact(of: { id: string; orgId: string }, attemptId: string | null, path: string, bytes: Buffer, contentType: string) {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    await db.insert(objects).values({ orgId: of.orgId, sha256, bytes: bytes.length, kind: "artifact" }).onConflictDoNothing();
    const [made] = await db.insert(artifacts).values({ orgId: of.orgId, runId: of.id, attemptId, path, sha256, bytes: bytes.length, contentType }).returning();
    return made!;
  }

  /** A registered model whose only version came from this run, with an alias and its timeline. */
  async function model(of: Project, by: string, from: { id: string }, name = fresh("model")) {
    const [made] = await db.insert(registeredModels).values({ orgId: of.orgId, projectId: of.id, name, lastVersion: 1, createdBy: by }).returning();
    const location = `mlflow-artifacts:/exp/${from.id}/artifacts/model`;
    await db.insert(modelVersions).values({ orgId: of.orgId, modelId: made!.id, version: 1, source: location, location, runId: from.id, stage: "Production", createdBy: by });
    await db.insert(modelAliases).values({ modelId: made!.id, alias: "champion", version: 1, setBy: by });
    await db.insert(modelEvents).values({ orgId: of.orgId, modelId: made!.id, version: 1, kind: "version.created", actor: by, message: "Version 1 registered." });
    return made!;
  }

  /** A report with its first version, written by one person. */
  async function report(of: Project, by: { id: string; name: string }, title: string, body: string) {
    const [made] = await db.insert(reports).values({ orgId: of.orgId, projectId: of.id, title, body, createdBy: by.id, createdByName: by.name, updatedByName: by.name }).returning();
    await db.insert(reportVersions).values({ reportId: made!.id, version: 1, title, body, byName: by.name });
    return made!;
  }

  return { metrics, log, emptiedLog, artifact, model, report };
}
