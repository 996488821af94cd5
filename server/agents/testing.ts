import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { AGENT_PATHS, SIGNED_HEADERS, signingText, type AttemptReport, type NodeReport, type SyncReply } from "../../agent/protocol/messages.ts";
import { testDatabase } from "../../db/testing.ts";
import { newId } from "../../db/schema/columns.ts";
import * as schema from "../../db/schema/index.ts";
import { RunSpec, type RunSpecInput } from "../../domain/experiments/run-spec.ts";
import { openBus } from "../bus.ts";
import { folderStore } from "../experiments/objects/folder.ts";
import { createConnector, mountAgentRoutes } from "./endpoint.ts";

/** A database with an organization in it, and the agents' endpoint on a loopback port. For tests only. */
export async function testPlane(options: { leaseSeconds?: number; now?: () => number } = {}) {
  const database = await testDatabase();
  const { db, sql, tenant } = database;
  const bus = await openBus(sql);
  const folder = mkdtempSync(join(tmpdir(), "drover-plane-"));
  const objects = folderStore(folder);
  const services = { db, sql, tenant, bus, objects, leaseSeconds: options.leaseSeconds ?? 90, now: options.now ?? Date.now };
  const servers: (() => Promise<void>)[] = [];
  async function serve(over: Partial<typeof services> = {}) {
    const connector = createConnector({ ...services, ...over });
    const app = new Hono();
    mountAgentRoutes(app, connector);
    const server = createServer(getRequestListener(app.fetch));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push(async () => {
      connector.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await connector.presence.flush();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connector };
  }
  const { url, connector } = await serve();
  const [org] = await db.insert(schema.orgs).values({ slug: `o-${randomBytes(4).toString("hex")}`, name: "Org" }).returning();
  const orgId = org!.id;
  const [team] = await db.insert(schema.teams).values({ orgId, slug: "t", name: "T" }).returning();
  const [project] = await db.insert(schema.projects).values({ orgId, teamId: team!.id, slug: "p", name: "P" }).returning();
  const [experiment] = await db.insert(schema.experiments).values({ orgId, projectId: project!.id, name: "Default" }).returning();
  let clusterCount = 0;

  async function makeCode(clusterId: string, expiresInSeconds = 900): Promise<string> {
    const code = randomBytes(24).toString("hex");
    await db.insert(schema.enrolments).values({ orgId, clusterId, codeHash: sha(code), createdBy: "usr_x", expiresAt: new Date(Date.now() + expiresInSeconds * 1000) });
    return code;
  }
  async function makeCluster() {
    clusterCount += 1;
    const [cluster] = await db.insert(schema.clusters).values({ orgId, slug: `c${clusterCount}`, name: `c${clusterCount}` }).returning();
    return cluster!;
  }
  async function makeRun(over: Partial<RunSpecInput> = {}, columns: Partial<typeof schema.runs.$inferInsert> = {}) {
    const spec = RunSpec.parse({ name: "train", project: "p", command: "true", resources: { cpus: 1, memory: 64 }, ...over });
    const { cpus, memory, gpus, nodes } = spec.resources;
    const [run] = await db.insert(schema.runs).values({ orgId, projectId: project!.id, experimentId: experiment!.id, name: spec.name, spec, priority: spec.priority, ownerType: "user", ownerId: "usr_x", cpus, memoryMib: memory, gpus, nodes, ...columns }).returning();
    return run!;
  }
  /** An agent that has joined and reported one node. */
  async function makeAgent(node: Partial<NodeReport> = {}) {
    const cluster = await makeCluster();
    const agent = new TestAgent(url);
    await agent.enrol(await makeCode(cluster.id));
    await agent.join();
    await agent.sync({ nodes: [{ name: "n1", cpus: 8, memoryMib: 16_384, diskMib: 100_000, state: "up", stateReason: null, accelerators: [], ...node }] });
    return { agent, cluster };
  }
  return {
    ...services, url, database, connector, serve, orgId, project: project!, experiment: experiment!, makeCluster, makeCode, makeRun, makeAgent,
    close: async () => {
      for (const stop of servers) await stop();
      rmSync(folder, { recursive: true, force: true });
      await bus.close();
      await database.close();
    },
  };
}
export type TestPlane = Awaited<ReturnType<typeof testPlane>>;

export const sha = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");

export interface Answered {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- each test knows the shape that it asked for
  body: any;
}

/** The smallest agent that speaks the wire: signs with a real key, keeps its join secrets, remembers nothing else. */
export class TestAgent {
  url: string;
  readonly keys = generateKeyPairSync("ed25519");
  id = "";
  session = "";
  secret = randomBytes(32).toString("hex");
  /** Milliseconds that its idea of the server's clock is off. */
  skewMs = 0;
  desiredHash = "";

  constructor(url: string) {
    this.url = url;
  }
  get publicKey(): string {
    return this.keys.publicKey.export({ format: "der", type: "spki" }).toString("base64");
  }
  host = { hostname: "box", os: "linux", arch: "x64", agentVersion: "0.1.0", node: "v24" };

  async enrol(code: string, over: Record<string, unknown> = {}): Promise<Answered> {
    const answered = await send(this.url + AGENT_PATHS.enrol, JSON.stringify({ version: 1, code, publicKey: this.publicKey, joinHash: sha(this.secret), host: this.host, ...over }), {});
    if (answered.status === 200) this.id = answered.body.agentId;
    return answered;
  }
  headers(path: string, body: string | Uint8Array, over: { session?: string; time?: string; nonce?: string; method?: string } = {}): Record<string, string> {
    const parts = { method: over.method ?? "POST", path, agent: this.id, session: over.session ?? this.session, time: over.time ?? String(Date.now() + this.skewMs), nonce: over.nonce ?? randomUUID(), bodySha256: sha(body) };
    const signature = sign(null, Buffer.from(signingText(parts)), this.keys.privateKey).toString("base64");
    return { [SIGNED_HEADERS.agent]: parts.agent, ...(parts.session ? { [SIGNED_HEADERS.session]: parts.session } : {}), [SIGNED_HEADERS.time]: parts.time, [SIGNED_HEADERS.nonce]: parts.nonce, [SIGNED_HEADERS.signature]: signature };
  }
  async post(path: string, message: unknown, over: Parameters<TestAgent["headers"]>[2] = {}): Promise<Answered> {
    const body = message instanceof Uint8Array ? message : JSON.stringify(message);
    return send(this.url + path, body, this.headers(path, body, over));
  }
  async join(over: { next?: string; secret?: string } = {}): Promise<Answered> {
    const next = over.next ?? randomBytes(32).toString("hex");
    const answered = await this.post(
      AGENT_PATHS.join,
      {
        version: 1, joinSecret: over.secret ?? this.secret, nextJoinHash: sha(next), host: this.host, policy: "",
        capabilities: { driver: "process", maxNodes: 1, launchers: ["none"], git: true, checkpoint: true, overrides: [], memoryLimit: "none" },
      },
      { session: "" },
    );
    if (answered.status === 200) {
      this.session = answered.body.session;
      this.secret = next;
    }
    return answered;
  }
  async rawSync(over: Record<string, unknown> = {}): Promise<Answered> {
    return this.post(AGENT_PATHS.sync, { version: 1, desiredHash: this.desiredHash, known: [], reports: [], nodes: null, waitSeconds: 0, ...over });
  }
  async sync(over: Record<string, unknown> = {}): Promise<SyncReply> {
    const answered = await this.rawSync(over);
    if (answered.status !== 200) throw new Error(JSON.stringify(answered));
    this.desiredHash = answered.body.desiredHash;
    return answered.body as SyncReply;
  }
}

export function report(attempt: { id: string; fence: bigint }, over: Partial<AttemptReport> & { state: AttemptReport["state"]; seq: number }): AttemptReport {
  const exit = over.state === "exited" ? { at: Date.now(), code: 0, signal: null, cause: "exited" as const, detail: "", lastLines: [], peakMemoryMib: 10 } : null;
  return { attemptId: attempt.id, fence: String(attempt.fence), nodes: ["n1"], accelerators: [], startedAt: over.state === "accepted" ? null : Date.now(), exit, drained: false, ...over };
}

export async function send(url: string, body: string | Uint8Array | undefined, headers: Record<string, string>, method = "POST"): Promise<Answered> {
  const response = await fetch(url, { method, headers: { "content-type": "application/json", ...headers }, ...(body === undefined ? {} : { body: body as BodyInit }) });
  const text = await response.text();
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch {
    return { status: response.status, body: text };
  }
}

/** An attempt as placement would make it. */
export async function place(plane: TestPlane, run: typeof schema.runs.$inferSelect, clusterId: string) {
  const [attempt] = await plane.db
    .insert(schema.attempts)
    .values({ id: newId("attempt"), orgId: plane.orgId, runId: run.id, clusterId, number: run.attemptCount + 1, leaseUntil: new Date(Date.now() + plane.leaseSeconds * 1000), nodeNames: ["n1"], cpus: run.cpus, memoryMib: run.memoryMib, gpus: run.gpus, nodes: run.nodes })
    .returning();
  await plane.sql`update runs set status = 'starting', cluster_id = ${clusterId}, attempt_count = attempt_count + 1 where id = ${run.id}`;
  return attempt!;
}

/** So many whole accelerators of one node, free and healthy. */
export const h100s = (count: number) => Array.from({ length: count }, (_, index) => ({ index, uuid: `GPU-${index}`, model: "NVIDIA H100 80GB HBM3", memoryMib: 81_000, health: "ok" as const, healthReason: null, attemptId: null }));
