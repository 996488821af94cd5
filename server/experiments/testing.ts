import { newId } from "../../db/schema/columns.ts";
import { orgs, projects, roleBindings, teams, users } from "../../db/schema/access.ts";
import { agents } from "../../db/schema/agents.ts";
import { accelerators, clusters, nodes } from "../../db/schema/clusters.ts";
import { attempts, experiments, logHeads, runs } from "../../db/schema/experiments.ts";
import { testDatabase } from "../../db/testing.ts";
import type { Role, ScopeType } from "../../domain/access/roles.ts";
import { RunSpec, type RunSpecInput } from "../../domain/experiments/run-spec.ts";
import { type Bus, type Change, setBus } from "../bus.ts";
import type { Caller } from "../trpc/context.ts";
import { createCallerFactory } from "../trpc/init.ts";
import { appRouter } from "../trpc/root.ts";

const callerOf = createCallerFactory(appRouter);

/** A database with one organization, its owner, two teams of one project each, and a way to call any procedure as anybody. */
export async function testWorld() {
  const database = await testDatabase();
  const { db } = database;
  process.env.DATABASE_URL = database.url;
  const changes: Change[] = [];
  const bus: Bus = { publish: (change) => void changes.push(change), publishNow: async (more) => void changes.push(...more), publishWithin: async (_tx, more) => void changes.push(...more), subscribe: () => () => {}, mark: () => "none.0", since: () => null, onGap: () => () => {}, close: async () => {} };
  setBus(bus);

  async function makeOrg(slug: string) {
    const orgId = newId("organization");
    await db.insert(orgs).values({ id: orgId, slug, name: slug });
    const makeProject = async (name: string) => {
      const teamId = newId("team");
      await db.insert(teams).values({ id: teamId, orgId, slug: `team-${name}`, name });
      const project = { id: newId("project"), orgId, teamId, slug: name, name };
      await db.insert(projects).values(project);
      return project;
    };
    return { id: orgId, slug, makeProject };
  }

  /** A user with roles, calling through the real router and its permissions. */
  async function makeUser(orgId: string, orgSlug: string, name: string, roles: [Role, ScopeType, string][]) {
    const id = newId("user");
    await db.insert(users).values({ id, name, email: `${id}@example.test` });
    for (const [role, scopeType, scopeId] of roles) await db.insert(roleBindings).values({ orgId, principalType: "user", principalId: id, role, scopeType, scopeId });
    const caller: Caller = { actor: { type: "user", id, name, tokenId: null }, email: null, tokenOrgId: null, tokenPermissions: null, tokenProject: null };
    return { id, name, api: callerOf({ db, requestId: `test-${id}`, caller, orgSlug }) };
  }

  async function makeCluster(orgId: string, slug: string, options: { cpus?: number; gpus?: number; region?: string; connected?: boolean } = {}) {
    const id = newId("cluster");
    const connected = options.connected ?? true;
    await db.insert(clusters).values({
      id, orgId, slug, name: slug, region: options.region ?? "local",
      ...(connected ? { driver: "process" as const, capabilities: { driver: "process", maxNodes: 1, launchers: ["none"], git: true, checkpoint: true, overrides: [], memoryLimit: "watch" } } : {}),
    });
    if (!connected) return { id, slug };
    await db.insert(agents).values({ orgId, clusterId: id, publicKey: newId("agent"), joinHash: "0".repeat(64), lastSeenAt: new Date() });
    const nodeId = newId("node");
    await db.insert(nodes).values({ id: nodeId, orgId, clusterId: id, name: "node-1", cpus: options.cpus ?? 8, memoryMib: 32_768, diskMib: 100_000, state: "up", seenAt: new Date() });
    for (let index = 0; index < (options.gpus ?? 0); index++) {
      await db.insert(accelerators).values({ orgId, clusterId: id, nodeId, index, uuid: `GPU-${index}`, model: "NVIDIA H100 80GB HBM3", memoryMib: 81_920, health: "ok" });
    }
    return { id, slug };
  }

  const org = await makeOrg("acme");
  const vision = await org.makeProject("vision");
  const speech = await org.makeProject("speech");
  const owner = await makeUser(org.id, org.slug, "Olga Owner", [["owner", "org", org.id]]);

  /** A run row without going through submit. */
  async function makeRun(values: Partial<typeof runs.$inferInsert> & { spec?: RunSpec } = {}) {
    const projectId = values.projectId ?? vision.id;
    const spec = values.spec ?? specOf({ name: values.name ?? "a-run" });
    const orgId = values.orgId ?? org.id;
    let experimentId = values.experimentId;
    if (!experimentId) {
      experimentId = newId("experiment");
      await db.insert(experiments).values({ id: experimentId, orgId, projectId, name: `experiment ${experimentId}` });
    }
    const [run] = await db
      .insert(runs)
      .values({ name: spec.name, priority: 50, ownerType: "user", ownerId: owner.id, cpus: 1, memoryMib: 1024, gpus: 0, nodes: 1, ...values, orgId, projectId, experimentId, spec: values.origin === "client" ? null : spec })
      .returning();
    return run!;
  }

  async function makeAttempt(run: { id: string; orgId: string }, clusterId: string, values: Partial<typeof attempts.$inferInsert> = {}) {
    const [attempt] = await db
      .insert(attempts)
      .values({ orgId: run.orgId, runId: run.id, clusterId, number: 1, leaseUntil: new Date(Date.now() + 60_000), cpus: 1, memoryMib: 1024, gpus: 0, nodes: 1, ...values })
      .returning();
    await db.insert(logHeads).values({ attemptId: attempt!.id });
    return attempt!;
  }

  return { ...database, org, vision, speech, owner, changes, makeOrg, makeUser, makeCluster, makeRun, makeAttempt };
}

export type TestWorld = Awaited<ReturnType<typeof testWorld>>;

export function specOf(input: Partial<RunSpecInput> = {}): RunSpec {
  return RunSpec.parse({ name: "a-run", project: "vision", command: "true", ...input });
}
