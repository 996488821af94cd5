import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { type Agent as HttpAgent, request } from "node:http";
import { AGENT_PATHS, PROTOCOL_VERSION, SIGNED_HEADERS, signingText } from "../agent/protocol/messages.ts";
import type { Stack } from "../chaos/stack.ts";

const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");
const HOST = { hostname: "bench", os: "linux", arch: "x64", agentVersion: "bench", node: process.version };
const CAPABILITIES = { driver: "process", maxNodes: 1, launchers: ["none"], git: true, checkpoint: true, overrides: [], memoryLimit: "none" };

/** Speaks the agents' wire with a key of its own, and runs nothing: for measuring the server alone. */
export class SimulatedAgent {
  readonly #stack: Stack;
  readonly #sockets: HttpAgent;
  readonly #key: KeyObject;
  readonly id: string;
  readonly clusterId: string;
  #session = "";

  private constructor(stack: Stack, sockets: HttpAgent, key: KeyObject, id: string, clusterId: string) {
    this.#stack = stack;
    this.#sockets = sockets;
    this.#key = key;
    this.id = id;
    this.clusterId = clusterId;
  }

  /** Make a cluster, enrol with its code, join. */
  static async connect(stack: Stack, name: string, sockets: HttpAgent): Promise<SimulatedAgent> {
    const { clusterId, code } = await stack.api.clusters.create.mutate({ name });
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const joinSecret = randomBytes(24).toString("hex");
    const enrolment = { version: PROTOCOL_VERSION, code, publicKey: publicKey.export({ type: "spki", format: "der" }).toString("base64"), joinHash: sha256(joinSecret), host: HOST };
    const { agentId } = (await post(`${stack.url}${AGENT_PATHS.enrol}`, Buffer.from(JSON.stringify(enrolment)), {}, sockets)) as { agentId: string };
    const agent = new SimulatedAgent(stack, sockets, privateKey, agentId, clusterId);
    const join = { version: PROTOCOL_VERSION, joinSecret, nextJoinHash: sha256(randomBytes(24).toString("hex")), host: HOST, capabilities: CAPABILITIES, policy: "" };
    agent.#session = ((await agent.send(AGENT_PATHS.join, join)) as { session: string }).session;
    return agent;
  }

  /** A signed request. @throws Error with the server's words when it is refused. */
  send(path: string, body: unknown, contentType = "application/json"): Promise<unknown> {
    const payload = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const time = String(Date.now());
    const nonce = randomBytes(12).toString("hex");
    const text = signingText({ method: "POST", path, agent: this.id, session: this.#session, time, nonce, bodySha256: sha256(payload) });
    const headers: Record<string, string> = {
      "content-type": contentType,
      [SIGNED_HEADERS.agent]: this.id,
      [SIGNED_HEADERS.time]: time,
      [SIGNED_HEADERS.nonce]: nonce,
      [SIGNED_HEADERS.signature]: sign(null, Buffer.from(text), this.#key).toString("base64"),
      ...(this.#session ? { [SIGNED_HEADERS.session]: this.#session } : {}),
    };
    return post(`${this.#stack.url}${path}`, payload, headers, this.#sockets);
  }
}

function post(url: string, payload: Buffer, headers: Record<string, string>, sockets: HttpAgent): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: "POST", agent: sockets, headers: { "content-type": "application/json", ...headers, "content-length": payload.length } }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part)).on("end", () => {
        const text = Buffer.concat(parts).toString();
        if (response.statusCode === 200) resolve(JSON.parse(text || "null"));
        else reject(new Error(`${new URL(url).pathname} answered ${response.statusCode}: ${text.slice(0, 300)}`));
      });
    });
    call.on("error", reject).end(payload);
  });
}
