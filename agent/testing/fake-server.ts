import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { z } from "zod";
import { AGENT_PATHS, ArtifactManifest, type AttemptReport, CheckpointManifest, type Desired, Enrol, Join, LogHeader, MetricBatches, type Refusal, SIGNED_HEADERS, signingText, Sync, Telemetry, Usage, type UsageEvent } from "../protocol/messages.ts";

const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");

class No extends Error {
  readonly code: Refusal["error"];
  constructor(code: Refusal["error"]) {
    super(code);
    this.code = code;
  }
}

/** What the server has of one attempt. */
export interface Seen {
  fence: string;
  reports: AttemptReport[];
  stdout: Buffer;
  stderr: Buffer;
  /** Bytes it was told are lost, by stream. */
  lost: { stdout: number; stderr: number };
  /** Offsets in the job's files, lost bytes counted. */
  next: { stdout: number; stderr: number; metrics: number };
  points: { key: string; step: number; value: number | string }[];
  usage: UsageEvent[];
  manifest: z.infer<typeof ArtifactManifest> | null;
  checkpoints: z.infer<typeof CheckpointManifest>[];
}

/**
 * A control plane for one agent, over real HTTP: it checks signatures, joins and offsets as the real one does, and keeps
 * everything in memory for a test to look at. Faults: `isDown` cuts every connection, `dropEvery` does what was asked
 * and then cuts the connection, at every so-manieth request.
 */
export class FakeServer {
  readonly codes = new Set(["a-code-that-is-long-enough"]);
  readonly objects = new Map<string, Buffer>();
  readonly attempts = new Map<string, Seen>();
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
      this.seen(one.attemptId, one.fence);
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

  private seen(attemptId: string, fence: string): Seen {
    const fresh: Seen = { fence, reports: [], stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), lost: { stdout: 0, stderr: 0 }, next: { stdout: 0, stderr: 0, metrics: 0 }, points: [], usage: [], manifest: null, checkpoints: [] };
    const seen = this.attempts.get(attemptId) ?? fresh;
    seen.fence = fence;
    this.attempts.set(attemptId, seen);
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
    if (path === AGENT_PATHS.logs) return this.logs(body);
    if (path === AGENT_PATHS.metrics) return this.metrics(MetricBatches.parse(JSON.parse(body.toString())));
    if (path === AGENT_PATHS.artifacts) return this.artifacts(ArtifactManifest.parse(JSON.parse(body.toString())));
    if (path === AGENT_PATHS.checkpoint) return this.checkpoint(CheckpointManifest.parse(JSON.parse(body.toString())));
    if (path === AGENT_PATHS.restore) return { serverTime: this.now(), ...(this.restores.shift() ?? { ready: true, attemptNumber: null, files: [] }) };
    if (path === AGENT_PATHS.usage) return this.takeUsage(Usage.parse(JSON.parse(body.toString())));
    if (path === AGENT_PATHS.telemetry) {
      this.telemetry.push(Telemetry.parse(JSON.parse(body.toString())));
      return { ok: true, serverTime: this.now() };
    }
    return this.object(request.method ?? "", path.split("/").at(-1) ?? "", body);
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
    return { serverTime: this.now(), desiredHash: hashNow(), desired, drainedNodes: desired ? [] : null, acked, stale, leaseSeconds: this.leaseSeconds };
  }

  private logs(body: Buffer) {
    const length = body.readUInt32BE(0);
    const header = LogHeader.parse(JSON.parse(body.subarray(4, 4 + length).toString()));
    let at = 4 + length;
    const offsets = new Map<string, { attemptId: string; stream: "stdout" | "stderr"; next: number }>();
    const stale = new Set<string>();
    for (const chunk of header.chunks) {
      const bytes = body.subarray(at, at + chunk.length);
      at += chunk.length;
      const seen = this.attempts.get(chunk.attemptId);
      if (!seen || seen.fence !== chunk.fence) {
        stale.add(chunk.attemptId);
        continue;
      }
      const gap = chunk.offset - seen.next[chunk.stream];
      const fits = gap <= 0 || gap === chunk.droppedBefore;
      if (fits && chunk.offset + chunk.length > seen.next[chunk.stream]) {
        if (gap > 0) seen.lost[chunk.stream] += gap;
        seen[chunk.stream] = Buffer.concat([seen[chunk.stream], gap < 0 ? bytes.subarray(-gap) : bytes]);
        seen.next[chunk.stream] = chunk.offset + chunk.length;
      }
      offsets.set(`${chunk.attemptId} ${chunk.stream}`, { attemptId: chunk.attemptId, stream: chunk.stream, next: seen.next[chunk.stream] });
    }
    if (at !== body.length) throw new No("bad_request");
    return { serverTime: this.now(), offsets: [...offsets.values()], stale: [...stale] };
  }

  private metrics({ batches }: z.infer<typeof MetricBatches>) {
    const stale: string[] = [];
    const offsets = batches.flatMap((batch) => {
      const seen = this.attempts.get(batch.attemptId);
      if (!seen || seen.fence !== batch.fence) {
        stale.push(batch.attemptId);
        return [];
      }
      if (batch.from === seen.next.metrics) {
        seen.next.metrics = batch.to;
        for (const { key, steps, values } of batch.series) for (const [at, value] of values.entries()) seen.points.push({ key, step: steps[at] ?? -1, value });
      }
      return [{ attemptId: batch.attemptId, next: seen.next.metrics }];
    });
    return { serverTime: this.now(), offsets, stale };
  }

  private takeUsage({ attempts }: z.infer<typeof Usage>) {
    const offsets = attempts.flatMap(({ attemptId, from, events }) => {
      const seen = this.attempts.get(attemptId);
      if (!seen) return [];
      if (from <= seen.usage.length) seen.usage.push(...events.slice(seen.usage.length - from));
      return [{ attemptId, next: seen.usage.length }];
    });
    return { serverTime: this.now(), offsets, unknown: attempts.filter(({ attemptId }) => !this.attempts.has(attemptId)).map(({ attemptId }) => attemptId) };
  }

  private checkpoint(manifest: z.infer<typeof CheckpointManifest>) {
    const seen = this.attempts.get(manifest.attemptId);
    if (!seen || seen.fence !== manifest.fence) throw new No("stale_fence");
    for (const file of manifest.files) if (!this.objects.has(file.sha256)) throw new No("not_found");
    seen.checkpoints.push(manifest);
    return { ok: true, serverTime: this.now() };
  }

  private artifacts(manifest: z.infer<typeof ArtifactManifest>) {
    const seen = this.attempts.get(manifest.attemptId);
    if (!seen || seen.fence !== manifest.fence) throw new No("stale_fence");
    for (const file of manifest.files) if (!this.objects.has(file.sha256)) throw new No("not_found");
    seen.manifest = manifest;
    return { ok: true, serverTime: this.now() };
  }

  private object(method: string, hash: string, body: Buffer): unknown {
    if (method === "GET") {
      const found = this.objects.get(hash);
      if (!found) throw new No("not_found");
      return found;
    }
    if (sha256(body) !== hash) throw new No("bad_request");
    this.objects.set(hash, body);
    return { ok: true, serverTime: this.now() };
  }
}
