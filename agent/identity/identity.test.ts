import { copyFile, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Backoff } from "../backoff.ts";
import { ServerClock } from "../clock.ts";
import { SPECIAL_FAILPOINTS } from "../failpoint.ts";
import { AGENT_PATHS, SyncReply } from "../protocol/messages.ts";
import { type StateFolder, stateFolder } from "../state.ts";
import { AgentProcess } from "../testing/agent-process.ts";
import { FakeServer } from "../testing/fake-server.ts";
import { ServerClient } from "./client.ts";
import { enrol, hostFacts } from "./enrol.ts";
import { Identity } from "./identity.ts";
import { Banned, Unreachable } from "./refusals.ts";

const CODE = "a-code-that-is-long-enough";
const FACTS = async () => ({ host: hostFacts(), capabilities: { driver: "process" as const, maxNodes: 1, launchers: ["none"], git: true, checkpoint: true, overrides: [], memoryLimit: "none" as const }, policy: "" });
const SYNC = { version: 1, desiredHash: "", known: [], reports: [], nodes: null, waitSeconds: 0 };

let server: FakeServer;
let state: StateFolder;
beforeEach(async () => {
  server = await new FakeServer().start();
  state = stateFolder(await mkdtemp(path.join(os.tmpdir(), "drover-identity-")));
});
afterEach(async () => {
  await server.stop();
  await rm(state.home, { recursive: true, force: true });
});

const clientOf = (identity: Identity, clock = new ServerClock()) => new ServerClient(identity, clock, FACTS);
const talk = (client: ServerClient) => client.json(AGENT_PATHS.sync, SYNC, SyncReply);
const load = async () => (await Identity.load(state))!;

describe("enrolling", () => {
  it("spends the code once, and keeps the key to itself", async () => {
    const identity = await enrol(state, server.url, CODE);
    expect(identity.agentId).toBe("agt_1");
    expect((await stat(state.identity)).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(server.agent)).not.toContain(identity.now.privateKey);
    expect(JSON.stringify(server.agent)).not.toContain(identity.now.join.secret);
    await expect(enrol(state, server.url, "another-code-that-is-long")).rejects.toThrow("already belongs");
  });

  it("says what a code is that was spent by somebody else", async () => {
    server.codes.clear();
    await expect(enrol(state, server.url, CODE)).rejects.toThrow("code_used");
  });

  it("says where it cannot reach", async () => {
    await expect(enrol(state, "http://127.0.0.1:1", CODE)).rejects.toThrow(Unreachable);
  });

  it.each(SPECIAL_FAILPOINTS.filter((name) => name.startsWith("agent.enrol.")))("killed at %s and repeated, is one enrolment", async (name) => {
    const agent = new AgentProcess(state.home, server);
    expect(await agent.enrol({ DROVER_FAILPOINT: name })).toBe("SIGKILL");
    const again = await agent.enrol();
    expect(again).toBe(0);
    const identity = await load();
    expect(identity.now.publicKey).toBe(server.agent?.publicKey);
    await talk(clientOf(identity));
  });
});

describe("talking", () => {
  it("joins by itself, once for many who ask", async () => {
    const client = clientOf(await enrol(state, server.url, CODE));
    await Promise.all([talk(client), talk(client), talk(client)]);
    expect(server.joins).toBe(1);
  });

  it("writes the next secret down before it sends its hash", async () => {
    const identity = await enrol(state, server.url, CODE);
    server.isDown = true;
    await expect(talk(clientOf(identity))).rejects.toThrow(Unreachable);
    const { join } = (await load()).now;
    expect(join.next).toMatch(/^[\w-]{43}$/);
  });

  it("repeats a join whose answer was lost, and it is the same join", async () => {
    await enrol(state, server.url, CODE);
    server.dropEvery = 1;
    await expect(talk(clientOf(await load()))).rejects.toThrow(Unreachable);
    await expect(talk(clientOf(await load()))).rejects.toThrow(Unreachable);
    server.dropEvery = 0;
    await talk(clientOf(await load())); // as after a restart, from disk
    expect(server.locked).toBeNull();
    const { join } = (await load()).now;
    expect(join.next).toBeNull();
  });

  it("of two copies of one disk, the second to join locks both out", async () => {
    await enrol(state, server.url, CODE);
    const copy = stateFolder(await mkdtemp(path.join(os.tmpdir(), "drover-copy-")));
    await copyFile(state.identity, copy.identity);
    const first = clientOf(await load());
    await talk(first);
    await expect(talk(clientOf((await Identity.load(copy))!))).rejects.toThrow(Banned);
    await expect(talk(first)).rejects.toThrow(Banned);
    expect((await load()).now.ended).toBe("cloned");
    await rm(copy.home, { recursive: true });
  });

  it("signs again with the server's time when its own clock is off", async () => {
    server.skewMs = -7_200_000;
    const clock = new ServerClock();
    await talk(clientOf(await enrol(state, server.url, CODE), clock));
    expect(Math.abs(clock.now() - Date.now() - server.skewMs)).toBeLessThan(5_000);
  });

  it("joins again when its session is over", async () => {
    const client = clientOf(await enrol(state, server.url, CODE));
    await talk(client);
    server.endSession();
    await talk(client);
    expect(server.joins).toBe(2);
  });

  it("is over once it is revoked, and remembers", async () => {
    const client = clientOf(await enrol(state, server.url, CODE));
    server.revoke();
    await expect(talk(client)).rejects.toThrow(Banned);
    const before = server.calls.length;
    await expect(talk(client)).rejects.toThrow(Banned);
    expect(server.calls.length).toBe(before);
    expect((await load()).now.ended).toBe("revoked");
  });

  it("may be enrolled anew after that, with a new key", async () => {
    const first = await enrol(state, server.url, CODE);
    await first.change({ ended: "revoked" });
    server.codes.add("a-second-code-long-enough");
    const second = await enrol(state, server.url, "a-second-code-long-enough");
    expect(second.now.publicKey).not.toBe(first.now.publicKey);
    await talk(clientOf(second));
  });

  it("takes what is not the protocol's for an outage, never for an order", async () => {
    const client = clientOf(await enrol(state, server.url, CODE));
    await expect(client.json(AGENT_PATHS.telemetry, { samples: [], events: [] }, SyncReply)).rejects.toThrow(Unreachable);
  });
});

describe("a torn identity file", () => {
  it("is named and not overwritten", async () => {
    await enrol(state, server.url, CODE);
    const text = await readFile(state.identity, "utf8");
    const { writeFile } = await import("node:fs/promises");
    await writeFile(state.identity, text.slice(0, 40));
    await expect(Identity.load(state)).rejects.toThrow("unreadable");
    await expect(enrol(state, server.url, CODE)).rejects.toThrow("unreadable");
  });
});

describe("waiting after a failure", () => {
  it("grows, has full jitter and a ceiling", () => {
    const highest = new Backoff(100, 1000, () => 1);
    expect([1, 2, 3, 4, 5, 6].map(() => highest.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
    highest.reset();
    expect(highest.next()).toBe(100);
    const lowest = new Backoff(100, 1000, () => 0);
    expect(lowest.next()).toBe(20);
  });
});
