import { createPublicKey, randomBytes, verify } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { z } from "zod";
import { AGENT_PATHS, type AttemptReport, type Desired, Enrol, Join, LATER_CAUSES, LIMITS, SIGNED_HEADERS, signingText, Sync, Telemetry } from "../protocol/messages.ts";
import { No, type Seen, sha256, Taken } from "./taken.ts";

/**
 * A control plane for one agent, over real HTTP: it checks signatures, joins and offsets as the real one does, and keeps
 * everything in memory for a test to look at. Faults: `isDown` cuts every connection, `dropEvery` does what was asked
 * and then cuts the connection, at every so-manieth request.
 */
export class FakeServer {
  readonly codes = new Set(["a-code-that-is-long-enough"]);
  private readonly taken = new Taken();
  readonly objects = this.taken.objects;
  readonly attempts = this.taken.attempts;
  readonly telemetry: z.infer<typeof Telemetry>[] = [];
  readonly calls: string[] = [];
  /** Answers to questions for a checkpoint, in order; none is left: there is none. */
  readonly restores: { ready: boolean; attemptNumber: number | null; files: { path: string; sha256: string; bytes: number }[] }[] = [];
  agent: { id: string; publicKey: string; joinHash: string; nextHash: string | null; session: string; code: string } | null = null;
  locked: "revoked" | "cloned" | null = null;
  isDown = false;
  dropEvery = 0;
  private answered = 0;
  /** Ahead of this host's clock, ms. */
  skewMs = 0;
  joins = 0;
  policy = "";
  nodes: z.infer<typeof Sync>["nodes"] = null;
  leaseSeconds = 30;
  /** What it says that it takes as `waitSeconds`; undefined: it says nothing, as earlier servers. */
  longestWait: number | undefined = LIMITS.longPollSeconds;
  readonly waits = new Set<number>();
  private wanted = new Map<string, Desired>();
  private readonly waiters = new Set<() => void>();
  private readonly nonces = new Set<string>();
  private server: Server | null = null;
  private port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    this.server = createServer((request, response) => void this.handle(request, response));
    await new Promise<void>((resolve) => this.server?.listen(this.port, "127.0.0.1", resolve));
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    this.wake();
    this.server?.closeAllConnections();
    await new Promise<void>((resolve) => (this.server ? this.server.close(() => resolve()) : resolve()));
  }

  /** Changes what is wanted, as a person or the placement would. */
  want(...desired: Desired[]): void {
    for (const one of desired) {
      this.wanted.set(one.attemptId, one);
      this.taken.expect(one.attemptId, one.fence);
    }
    this.wake();
  }
  stopWanting(attemptId: string): void {
    this.wanted.delete(attemptId);
    this.wake();
  }
  order(attemptId: string, reason = "cancelled"): void {
    const one = this.wanted.get(attemptId);
    if (one) this.want({ ...one, action: "stop", reason });
  }
  revoke(why: "revoked" | "cloned" = "revoked"): void {
    this.locked = why;
    this.wake();
  }

  report(attemptId: string): AttemptReport | undefined {
    return this.attempts.get(attemptId)?.reports.at(-1);
  }
  get(attemptId: string): Seen {
    const seen = this.attempts.get(attemptId);
    if (!seen) throw new Error(`${attemptId} was never wanted.`);
    return seen;
  }

  private wake(): void {
    for (const each of this.waiters) each();
  }
  private now(): number {
    return Date.now() + this.skewMs;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (this.isDown) return void request.socket.destroy();
      const answer = await this.answer(request, Buffer.concat(chunks));
      if (this.isDown) return void request.socket.destroy();
      this.answered += 1;
      if (this.dropEvery > 0 && this.answered % this.dropEvery === 0) return void request.socket.destroy();
      const body = Buffer.isBuffer(answer) ? answer : Buffer.from(JSON.stringify(answer));
      response.writeHead(200).end(body);
    } catch (error) {
      const code = error instanceof No ? error.code : "bad_request";
      response.writeHead(400).end(JSON.stringify({ error: code, message: String(error), serverTime: this.now() }));
    }
  }

  private async answer(request: IncomingMessage, body: Buffer): Promise<unknown> {
    const path = request.url ?? "";
    this.calls.push(`${request.method} ${path}`);
    if (path === AGENT_PATHS.enrol) return this.enrol(Enrol.parse(JSON.parse(body.toString())));
    this.check(request, body, path);
    if (path === AGENT_PATHS.join) return this.join(Join.parse(JSON.parse(body.toString())));
    if (path === AGENT_PATHS.sync) return this.sync(request, Sync.parse(JSON.parse(body.toString())));
    if (path === AGENT_PATHS.restore) return { serverTime: this.now(), ...(this.restores.shift() ?? { ready: true, attemptNumber: null, files: [] }) };
    if (path === AGENT_PATHS.telemetry) {
      this.telemetry.push(Telemetry.parse(JSON.parse(body.toString())));
      return { ok: true, serverTime: this.now() };
    }
    const answer = this.taken.take(request.method ?? "", path, body);
    return Buffer.isBuffer(answer) ? answer : { serverTime: this.now(), ...answer };
  }

  private check(request: IncomingMessage, body: Buffer, path: string): void {
    const header = (name: string) => String(request.headers[name] ?? "");
    const [agent, session, time, nonce] = [SIGNED_HEADERS.agent, SIGNED_HEADERS.session, SIGNED_HEADERS.time, SIGNED_HEADERS.nonce].map(header) as [string, string, string, string];
    if (!this.agent || this.agent.id !== agent) throw new No("bad_signature");
    const text = signingText({ method: request.method ?? "", path, agent, session, time, nonce, bodySha256: sha256(body) });
    const key = createPublicKey({ key: Buffer.from(this.agent.publicKey, "base64"), format: "der", type: "spki" });
    if (!verify(null, Buffer.from(text), key, Buffer.from(header(SIGNED_HEADERS.signature), "base64"))) throw new No("bad_signature");
    if (Math.abs(this.now() - Number(time)) > 60_000) throw new No("stale_signature");
    if (this.nonces.has(nonce)) throw new No("replayed");
    this.nonces.add(nonce);
    if (this.locked) throw new No(this.locked);
    if (path !== AGENT_PATHS.join && session !== this.agent.session) throw new No("no_session");
  }

  private enrol(message: z.infer<typeof Enrol>) {
    const { code, publicKey, joinHash } = message;
    if (!this.agent || this.agent.publicKey !== publicKey) {
      if (!this.codes.delete(code)) throw new No("code_used");
      this.agent = { id: "agt_1", publicKey, joinHash, nextHash: null, session: "", code };
      this.locked = null;
    }
    return { agentId: "agt_1", clusterId: "cl_1", clusterName: "Test cluster", serverTime: this.now() };
  }

  /** The last spent secret may come again with the same next one (a repeat); with another one it is a copy of the disk. */
  private join(message: z.infer<typeof Join>) {
    if (!this.agent) throw new No("bad_signature");
    const hash = sha256(message.joinSecret);
    const isRepeat = this.spent?.hash === hash && this.spent.next === message.nextJoinHash;
    if (hash !== this.agent.joinHash && !isRepeat) {
      this.locked = "cloned";
      throw new No("cloned");
    }
    this.spent = { hash, next: message.nextJoinHash };
    this.agent.joinHash = message.nextJoinHash;
    this.agent.session = `ses_${randomBytes(6).toString("hex")}`;
    this.joins += 1;
    this.policy = message.policy;
    return { session: this.agent.session, leaseSeconds: this.leaseSeconds, serverTime: this.now() };
  }
  private spent: { hash: string; next: string } | null = null;

  endSession(): void {
    if (this.agent) this.agent.session = "gone";
    this.wake();
  }

  private async sync(request: IncomingMessage, message: z.infer<typeof Sync>) {
    if (message.nodes) this.nodes = message.nodes;
    const acked: { attemptId: string; seq: number }[] = [];
    const stale: string[] = [];
    for (const report of message.reports) {
      const seen = this.attempts.get(report.attemptId);
      if (!seen || seen.fence !== report.fence) {
        stale.push(report.attemptId);
        continue;
      }
      const last = seen.reports.at(-1);
      if (!last || report.seq > last.seq) seen.reports.push(report);
      if (report.exit) this.wanted.delete(report.attemptId);
      acked.push({ attemptId: report.attemptId, seq: report.seq });
    }
    this.waits.add(message.waitSeconds);
    const until = Date.now() + message.waitSeconds * 1000;
    const hashNow = () => sha256(JSON.stringify([...this.wanted.values()].map(({ attemptId, fence, action }) => [attemptId, fence, action]))).slice(0, 32);
    while (hashNow() === message.desiredHash && acked.length + stale.length === 0 && Date.now() < until && !request.socket.destroyed && !this.isDown) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.waiters.delete(done);
          resolve();
        };
        const timer = setTimeout(done, Math.max(1, until - Date.now()));
        this.waiters.add(done);
        request.socket.once("close", done);
      });
      if (this.locked) throw new No(this.locked);
      if (this.agent && String(request.headers[SIGNED_HEADERS.session]) !== this.agent.session) throw new No("no_session");
    }
    const known = new Set(message.known);
    const desired = hashNow() === message.desiredHash ? null : [...this.wanted.values()].map((one) => ({ ...one, spec: known.has(one.attemptId) ? null : one.spec }));
    return { serverTime: this.now(), desiredHash: hashNow(), desired, drainedNodes: desired ? [] : null, acked, stale, leaseSeconds: this.leaseSeconds, takes: Object.keys(LATER_CAUSES), ...(this.longestWait ? { longestWait: this.longestWait } : {}) };
  }
}
