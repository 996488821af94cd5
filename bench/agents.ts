import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { Agent as HttpAgent, request } from "node:http";
import { AGENT_PATHS, PROTOCOL_VERSION, SIGNED_HEADERS, signingText } from "../agent/protocol/messages.ts";
import type { Stack } from "../chaos/stack.ts";
import { percentile, say } from "./figures.ts";
import { cpuSeconds, residentMib } from "./process-cost.ts";
import { withStack } from "./with-stack.ts";

// 1,000 agents, each syncing every 10 s, against one server process.

const AGENTS = 1000;
const SECONDS = 60;
const WAIT_SECONDS = 10;
const sockets = new HttpAgent({ keepAlive: true, maxSockets: AGENTS + 50 });
const sha256 = (data: string) => createHash("sha256").update(data).digest("hex");
const HOST = { hostname: "bench", os: "linux", arch: "x64", agentVersion: "bench", node: process.version };

interface Simulated {
  id: string;
  key: KeyObject;
  session: string;
  joinSecret: string;
}

function post(stack: Stack, path: string, body: unknown, headers: Record<string, string> = {}): Promise<{ status: number; body: unknown }> {
  const payload = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const call = request(`${stack.url}${path}`, { method: "POST", agent: sockets, headers: { "content-type": "application/json", "content-length": Buffer.byteLength(payload), ...headers } }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part)).on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(parts).toString() || "null") }));
    });
    call.on("error", reject).end(payload);
  });
}

async function signed(stack: Stack, agent: Simulated, path: string, body: unknown): Promise<unknown> {
  const time = String(Date.now());
  const nonce = randomBytes(12).toString("hex");
  const text = signingText({ method: "POST", path, agent: agent.id, session: agent.session, time, nonce, bodySha256: sha256(JSON.stringify(body)) });
  const headers = { [SIGNED_HEADERS.agent]: agent.id, [SIGNED_HEADERS.session]: agent.session, [SIGNED_HEADERS.time]: time, [SIGNED_HEADERS.nonce]: nonce, [SIGNED_HEADERS.signature]: sign(null, Buffer.from(text), agent.key).toString("base64") };
  const answer = await post(stack, path, body, headers);
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

async function connect(stack: Stack, index: number): Promise<Simulated> {
  const { code } = await stack.api.clusters.create.mutate({ name: `Bench ${index}` });
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const joinSecret = randomBytes(24).toString("hex");
  const enrolled = await post(stack, AGENT_PATHS.enrol, { version: PROTOCOL_VERSION, code, publicKey: publicKey.export({ type: "spki", format: "der" }).toString("base64"), joinHash: sha256(joinSecret), host: HOST });
  const agent: Simulated = { id: (enrolled.body as { agentId: string }).agentId, key: privateKey, session: "", joinSecret };
  const capabilities = { driver: "process", maxNodes: 1, launchers: ["none"], git: true, checkpoint: true, overrides: [], memoryLimit: "none" };
  const joined = (await signed(stack, agent, AGENT_PATHS.join, { version: PROTOCOL_VERSION, joinSecret, nextJoinHash: sha256(randomBytes(24).toString("hex")), host: HOST, capabilities, policy: "" })) as { session: string };
  return { ...agent, session: joined.session };
}

const node = (index: number) => ({ name: `node-${index}`, cpus: 8, memoryMib: 16_384, diskMib: 100_000, state: "up", stateReason: null, accelerators: [] });

/** Long polls that return by themselves; what exceeds the wait is the server's doing. */
async function live(stack: Stack, agent: Simulated, index: number, end: number, overheads: number[]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * WAIT_SECONDS * 1000)); // spread, as real agents are
  let hash = "";
  let nodes: unknown = [node(index)];
  while (performance.now() < end) {
    const begun = performance.now();
    const waits = hash !== "";
    const reply = (await signed(stack, agent, AGENT_PATHS.sync, { version: PROTOCOL_VERSION, desiredHash: hash, known: [], reports: [], nodes, waitSeconds: WAIT_SECONDS })) as { desiredHash: string };
    if (waits && reply.desiredHash === hash) overheads.push(performance.now() - begun - WAIT_SECONDS * 1000);
    hash = reply.desiredHash;
    nodes = null;
  }
}

await withStack(async (stack) => {
  const agents: Simulated[] = [];
  for (let index = 0; index < AGENTS; index += 20) agents.push(...(await Promise.all(Array.from({ length: 20 }, (_, at) => connect(stack, index + at)))));
  const pid = stack.services.server.pid!;
  const end = performance.now() + SECONDS * 1000 + WAIT_SECONDS * 1000;
  const overheads: number[] = [];
  const polls = agents.map((agent, index) => live(stack, agent, index, end, overheads));
  await new Promise((resolve) => setTimeout(resolve, WAIT_SECONDS * 1000)); // past the first syncs, which carry the nodes
  const cpu = cpuSeconds(pid);
  const begun = performance.now();
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  const share = (cpuSeconds(pid) - cpu) / ((performance.now() - begun) / 1000);
  say(`${AGENTS} agents, a sync each ${WAIT_SECONDS} s: server CPU`, share * 100, "% of a core", `10,000 agents: ${(share * 10).toFixed(2)} cores (goal < 0.5)`);
  say(`${AGENTS} agents: server resident memory`, residentMib(pid), "MiB");
  await Promise.allSettled(polls);
  say(`${AGENTS} agents: answer after its time, p50`, percentile(overheads, 0.5), "ms");
  say(`${AGENTS} agents: answer after its time, p99`, percentile(overheads, 0.99), "ms");
  sockets.destroy();
});
