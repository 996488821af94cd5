import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AGENT_PATHS, PROTOCOL_VERSION } from "../../agent/protocol/messages.ts";
import { testPlane, TestAgent, send, type TestPlane } from "./testing.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await testPlane();
});
afterAll(() => plane.close());

const enrolled = async () => {
  const cluster = await plane.makeCluster();
  const agent = new TestAgent(plane.url);
  await agent.enrol(await plane.makeCode(cluster.id));
  return { agent, cluster };
};

describe("enrolment", () => {
  it("takes a code once, answers its repeat alike, and refuses everybody else", async () => {
    const cluster = await plane.makeCluster();
    const code = await plane.makeCode(cluster.id);
    const agent = new TestAgent(plane.url);
    const first = await agent.enrol(code);
    expect(first).toMatchObject({ status: 200, body: { clusterId: cluster.id, clusterName: cluster.name } });
    expect((await agent.enrol(code)).body.agentId).toBe(first.body.agentId);
    expect(await new TestAgent(plane.url).enrol(code)).toMatchObject({ status: 409, body: { error: "code_used", field: "code" } });
    const audited = await plane.sql`select action, actor_type from audit_log where target_id = ${cluster.id}`;
    expect(audited).toMatchObject([{ action: "cluster.agent-joined", actor_type: "agent" }]);
  });
  it("lets exactly one of many in that use the same code at once", async () => {
    const code = await plane.makeCode((await plane.makeCluster()).id);
    const answers = await Promise.all(Array.from({ length: 8 }, () => new TestAgent(plane.url).enrol(code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });
  it("refuses a code that expired or never was, and keys that are not Ed25519, by field", async () => {
    const cluster = await plane.makeCluster();
    expect(await new TestAgent(plane.url).enrol(await plane.makeCode(cluster.id, -1))).toMatchObject({ status: 404, body: { error: "not_found" } });
    expect(await new TestAgent(plane.url).enrol("x".repeat(40))).toMatchObject({ status: 404 });
    expect(await new TestAgent(plane.url).enrol(await plane.makeCode(cluster.id), { publicKey: "A".repeat(60) })).toMatchObject({ status: 400, body: { error: "bad_request", field: "publicKey" } });
    expect(await new TestAgent(plane.url).enrol("x".repeat(40), { extra: 1 })).toMatchObject({ status: 400, body: { field: "extra" } });
    expect(await new TestAgent(plane.url).enrol("x".repeat(40), { version: 99 })).toMatchObject({ status: 400, body: { error: "version" } });
  });
  it("revokes the agent before when a new one enrols for the same cluster", async () => {
    const { agent, cluster } = await enrolled();
    await agent.join();
    await new TestAgent(plane.url).enrol(await plane.makeCode(cluster.id));
    expect(await agent.rawSync()).toMatchObject({ status: 403, body: { error: "revoked" } });
  });
});

describe("signatures", () => {
  it("are checked for body, path, session and key", async () => {
    const { agent } = await enrolled();
    await agent.join();
    const other = new TestAgent(plane.url);
    other.id = agent.id;
    other.session = agent.session;
    expect(await other.rawSync()).toMatchObject({ status: 401, body: { error: "bad_signature" } });
    const headers = agent.headers(AGENT_PATHS.sync, "{}");
    expect(await send(plane.url + AGENT_PATHS.sync, "{ }", headers)).toMatchObject({ body: { error: "bad_signature" } });
    expect(await send(plane.url + AGENT_PATHS.join, "{}", agent.headers(AGENT_PATHS.sync, "{}"))).toMatchObject({ body: { error: "bad_signature" } });
    expect(await send(plane.url + AGENT_PATHS.sync, "{}", {})).toMatchObject({ status: 401, body: { error: "bad_signature" } });
    expect(await agent.post(AGENT_PATHS.sync, {}, { session: "as_other" })).toMatchObject({ status: 401, body: { error: "no_session" } });
  });
  it("are taken once: a replay is refused", async () => {
    const { agent } = await enrolled();
    await agent.join();
    const body = JSON.stringify({ version: 1, desiredHash: "", known: [], reports: [], nodes: null, waitSeconds: 0 });
    const headers = agent.headers(AGENT_PATHS.sync, body);
    expect((await send(plane.url + AGENT_PATHS.sync, body, headers)).status).toBe(200);
    expect(await send(plane.url + AGENT_PATHS.sync, body, headers)).toMatchObject({ status: 409, body: { error: "replayed" } });
  });
  it("with a clock an hour off are refused with the server's time, which then works", async () => {
    const { agent } = await enrolled();
    agent.skewMs = 3_600_000;
    const refused = await agent.join();
    expect(refused).toMatchObject({ status: 401, body: { error: "stale_signature" } });
    agent.skewMs = refused.body.serverTime - Date.now();
    expect((await agent.join()).status).toBe(200);
    agent.skewMs = -3_600_000;
    expect(await agent.rawSync()).toMatchObject({ body: { error: "stale_signature" } });
  });
  it("from before a server's start are refused, so its lost nonces open nothing", async () => {
    const { agent } = await enrolled();
    const signed = String(Date.now() - 5_000); // within the window of ±60 s
    const restarted = await plane.serve();
    agent.url = restarted.url;
    expect(await agent.post(AGENT_PATHS.sync, {}, { time: signed })).toMatchObject({ status: 401, body: { error: "stale_signature" } });
  });
});

describe("sessions and clones", () => {
  it("a new join ends the session before, on every server", async () => {
    const { agent } = await enrolled();
    await agent.join();
    const old = agent.session;
    const second = await plane.serve();
    expect((await agent.rawSync()).status).toBe(200);
    agent.url = second.url;
    await agent.join();
    expect((await agent.rawSync()).status).toBe(200);
    agent.url = plane.url; // this server has the old session in its cache
    expect((await agent.rawSync()).status).toBe(200);
    agent.session = old;
    expect(await agent.rawSync()).toMatchObject({ status: 401, body: { error: "no_session" } });
  });
  it("a join repeated after its answer got lost is the same join", async () => {
    const { agent } = await enrolled();
    const secret = agent.secret;
    const next = "n".repeat(64);
    await agent.join({ secret, next });
    expect((await agent.join({ secret, next })).status).toBe(200);
    expect((await agent.join()).status).toBe(200);
    expect(await plane.sql`select join_count from agents where id = ${agent.id}`).toMatchObject([{ join_count: 2 }]);
  });
  it("a copied disk locks the identity at its next join, with an event and an audit entry", async () => {
    const { agent, cluster } = await enrolled();
    await agent.join();
    const stolen = agent.secret;
    expect((await agent.join({ secret: stolen, next: "a".repeat(64) })).status).toBe(200); // the copy, first
    expect(await agent.join({ secret: stolen, next: "b".repeat(64) })).toMatchObject({ status: 403, body: { error: "cloned" } }); // the original
    expect(await agent.rawSync()).toMatchObject({ status: 403, body: { error: "cloned" } });
    expect(await agent.join()).toMatchObject({ status: 403, body: { error: "cloned" } });
    expect(await plane.sql`select kind from cluster_events where cluster_id = ${cluster.id} and kind = 'agent.cloned'`).toHaveLength(1);
    expect(await plane.sql`select action from audit_log where target_id = ${cluster.id} and action = 'cluster.agent-locked'`).toHaveLength(1);
  });
  it("an older secret, as from a restored backup, locks it too", async () => {
    const { agent } = await enrolled();
    const first = agent.secret;
    await agent.join();
    await agent.join();
    expect(await agent.join({ secret: first })).toMatchObject({ status: 403, body: { error: "cloned" } });
  });
  it("revocation ends a waiting sync at once, and every message after it", async () => {
    const { agent } = await enrolled();
    await agent.join();
    await agent.sync();
    const waiting = agent.rawSync({ waitSeconds: 25 });
    await until(async () => (await plane.sql`select 1`).length === 1);
    await plane.sql`update agents set revoked_at = now() where id = ${agent.id}`;
    await plane.bus.publishNow([{ orgId: plane.orgId, topic: "agent-revoked", id: agent.id }]);
    expect(await waiting).toMatchObject({ status: 403, body: { error: "revoked" } });
    expect(await agent.rawSync()).toMatchObject({ status: 403, body: { error: "revoked" } });
  });
  it("what nobody told of is seen all the same, soon after the next message", async () => {
    const { agent, cluster } = await enrolled();
    await agent.join();
    await agent.sync();
    await plane.sql`update clusters set revoked_at = now() where id = ${cluster.id}`;
    const waiting = agent.rawSync({ waitSeconds: 25 });
    await until(async () => {
      await plane.connector.presence.flush();
      return Promise.race([waiting.then(() => true), new Promise<false>((resolve) => setTimeout(resolve, 50, false))]);
    });
    expect(await waiting).toMatchObject({ status: 403, body: { error: "revoked" } });
  });
});

describe("what comes in", () => {
  it("broken JSON, wrong types, unknown fields and missing ones are refused by name", async () => {
    const { agent } = await enrolled();
    await agent.join();
    expect(await agent.post(AGENT_PATHS.sync, Buffer.from("{\"version\":1,"))).toMatchObject({ status: 400, body: { error: "bad_request", field: "body" } });
    expect(await agent.post(AGENT_PATHS.sync, Buffer.from([0xff, 0xfe]))).toMatchObject({ status: 400, body: { field: "body" } });
    expect(await agent.rawSync({ waitSeconds: "soon" })).toMatchObject({ status: 400, body: { field: "waitSeconds" } });
    expect(await agent.rawSync({ surprise: true })).toMatchObject({ status: 400, body: { field: "surprise" } });
    expect(await agent.rawSync({ reports: [{ attemptId: "a" }] })).toMatchObject({ status: 400, body: { field: expect.stringMatching(/^reports\.0\./) } });
    expect(await agent.rawSync({ version: PROTOCOL_VERSION + 1 })).toMatchObject({ status: 400, body: { error: "version", field: "version" } });
  });
  it("a body beyond the limit is refused before it is read", async () => {
    const { agent } = await enrolled();
    await agent.join();
    expect(await agent.post(AGENT_PATHS.sync, Buffer.alloc(8 * 1024 * 1024 + 1, 32))).toMatchObject({ status: 413, body: { error: "too_large" } });
  });
});

async function until(done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await done())) if (Date.now() > deadline) throw new Error("not in time");
}
