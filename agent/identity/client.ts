import { createHash, randomBytes } from "node:crypto";
import type { ReadableStream } from "node:stream/web";
import type { z } from "zod";
import { Outage } from "../backoff.ts";
import type { ServerClock } from "../clock.ts";
import { failpoint } from "../failpoint.ts";
import { log, reason } from "../log.ts";
import { AGENT_PATHS, Joined, type Join, PROTOCOL_VERSION, Refusal, SIGNED_HEADERS } from "../protocol/messages.ts";
import { type Identity, newSecret, sha256Hex } from "./identity.ts";
import { Banned, Refused, Unreachable } from "./refusals.ts";

export interface Outgoing {
  method?: "GET" | "POST" | "PUT";
  path: string;
  body?: Uint8Array;
  /** A body too large for memory: called for each try. Its SHA-256 must be given. */
  stream?: () => ReadableStream<Uint8Array>;
  bodySha256?: string;
  bytes?: number;
  contentType?: string;
  /** Besides those that sign it. */
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Until the whole answer is there; by default a minute. */
  timeoutMs?: number;
}

type JoinMessage = z.infer<typeof Join>;
export type JoinFacts = Pick<JoinMessage, "host" | "capabilities" | "policy">;
const EMPTY_SHA256 = createHash("sha256").digest("hex");
const TRIES = 4;

/** Signed requests of one identity: joins when it has no session, signs again when the server says that the time was off. */
export class ServerClient {
  readonly clock: ServerClock;
  private readonly identity: Identity;
  private readonly facts: () => Promise<JoinFacts>;
  private session: string | null = null;
  private joining: Promise<void> | null = null;
  private banned: Banned | null = null;
  leaseSeconds = 90;
  readonly outage = new Outage();

  constructor(identity: Identity, clock: ServerClock, facts: () => Promise<JoinFacts>) {
    this.identity = identity;
    this.clock = clock;
    this.facts = facts;
  }

  get ban(): Banned | null {
    return this.banned;
  }

  /** Sends JSON, answers parsed JSON. @throws Refused | Unreachable | Banned, or the signal's abort. */
  async json<T>(path: string, message: unknown, schema: z.ZodType<T>, signal?: AbortSignal, timeoutMs?: number): Promise<T> {
    const body = Buffer.from(JSON.stringify(message));
    return this.parsed(await this.send({ path, body, contentType: "application/json", signal, ...(timeoutMs ? { timeoutMs } : {}) }), schema);
  }

  async parsed<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
    const answer = await readAnswer(response);
    const result = schema.safeParse(answer);
    if (!result.success) throw new Unreachable(`The answer to ${new URL(response.url).pathname} is not the protocol's: ${result.error.issues[0]?.message ?? ""}`);
    this.learnTime(answer);
    return result.data;
  }

  /** Of the server that this agent belongs to. */
  get origin(): string {
    return this.identity.now.url;
  }

  /** Signed headers for a request without a body that somebody else sends. @throws Refused | Unreachable | Banned */
  async headersFor(request: { method: "GET"; path: string }): Promise<Record<string, string>> {
    if (this.banned) throw this.banned;
    if (!this.session) await this.join();
    return this.headers(request, request.method, this.session ?? "");
  }

  /** The raw 2xx response. */
  async send(request: Outgoing): Promise<Response> {
    let last: Refused | null = null;
    for (let tries = 0; tries < TRIES; tries++) {
      if (this.banned) throw this.banned;
      if (!this.session) await this.join();
      const session = this.session ?? "";
      try {
        return await this.sendOnce(request, session);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        last = error;
        await this.heed(error, session);
      }
    }
    throw last ?? new Unreachable("no try was made");
  }

  /** What to do about a refusal before the next try. @throws the refusal itself where another try cannot help. */
  private async heed(error: Refused, session: string): Promise<void> {
    switch (error.code) {
      case "stale_signature":
      case "replayed":
        return; // the clock was learnt from the refusal; the next try has a new time and nonce
      case "no_session":
        if (this.session === session) this.session = null; // somebody else may have joined meanwhile
        return;
      case "revoked":
      case "cloned":
        this.banned = new Banned(error.code, error.refusal.message);
        await this.identity.change({ ended: error.code }).catch((failure: unknown) => log.warn("Cannot note the ban", { reason: reason(failure) }));
        throw this.banned;
      default:
        throw error;
    }
  }

  /** One join at a time, however many loops ask. */
  private join(): Promise<void> {
    this.joining ??= this.joinNow().finally(() => {
      this.joining = null;
    });
    return this.joining;
  }

  private async joinNow(): Promise<void> {
    const facts = await this.facts();
    const { secret, next: kept } = this.identity.now.join;
    const next = kept ?? newSecret();
    failpoint("agent.join.before-next");
    // On disk before it is sent: a repeat after a crash then names the same next secret, and so is the same join.
    if (!kept) await this.identity.change({ join: { secret, next } });
    failpoint("agent.join.after-next");
    const message: JoinMessage = { version: PROTOCOL_VERSION, joinSecret: secret, nextJoinHash: sha256Hex(next), ...facts };
    const joined = await this.joinTries(Buffer.from(JSON.stringify(message)));
    failpoint("agent.join.after-answer");
    await this.identity.change({ join: { secret: next, next: null } });
    failpoint("agent.join.after-commit");
    this.session = joined.session;
    this.leaseSeconds = joined.leaseSeconds;
    log.info("Joined", { agent: this.identity.agentId, cluster: this.identity.now.clusterName });
  }

  private async joinTries(body: Uint8Array): Promise<z.infer<typeof Joined>> {
    let last: Refused | null = null;
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        return await this.parsed(await this.sendOnce({ path: AGENT_PATHS.join, body, contentType: "application/json" }, ""), Joined);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        last = error;
        await this.heed(error, "");
      }
    }
    throw last ?? new Unreachable("no try was made");
  }

  private async sendOnce(request: Outgoing, session: string): Promise<Response> {
    const method = request.method ?? "POST";
    const response = await this.reach(request, method, this.headers(request, method, session));
    if (response.ok) return response;
    const refusal = Refusal.safeParse(await readAnswer(response));
    if (!refusal.success) throw new Unreachable(`The server answered ${response.status} to ${request.path}.`);
    this.learnTime(refusal.data);
    throw new Refused(refusal.data, response.status);
  }

  private headers(request: Outgoing, method: string, session: string): Record<string, string> {
    const time = String(this.clock.now());
    const nonce = randomBytes(16).toString("base64url");
    const agent = this.identity.agentId;
    const bodySha256 = request.bodySha256 ?? (request.body ? sha256Hex(request.body) : EMPTY_SHA256);
    return {
      [SIGNED_HEADERS.agent]: agent,
      [SIGNED_HEADERS.time]: time,
      [SIGNED_HEADERS.nonce]: nonce,
      [SIGNED_HEADERS.signature]: this.identity.sign({ method, path: request.path, agent, session, time, nonce, bodySha256 }),
      ...(session ? { [SIGNED_HEADERS.session]: session } : {}),
      ...request.headers,
      ...(request.contentType ? { "content-type": request.contentType } : {}),
      ...(request.bytes === undefined ? {} : { "content-length": String(request.bytes) }),
    };
  }

  private async reach(request: Outgoing, method: string, headers: Record<string, string>): Promise<Response> {
    const body = request.stream ? (request.stream() as unknown as BodyInit) : (request.body as BodyInit | undefined);
    const timeout = AbortSignal.timeout(request.timeoutMs ?? 60_000); // a black hole is no answer either
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
    const init = { method, headers, signal, ...(body === undefined ? {} : { body }), redirect: "error" as const };
    try {
      return await fetch(new URL(request.path, this.identity.now.url), request.stream ? ({ ...init, duplex: "half" } as RequestInit) : init);
    } catch (error) {
      if (request.signal?.aborted) throw error;
      throw new Unreachable(`Cannot reach ${this.identity.now.url}: ${reason(error)}`);
    }
  }

  private learnTime(answer: unknown): void {
    const time = (answer as { serverTime?: unknown } | null)?.serverTime;
    if (typeof time === "number" && Number.isSafeInteger(time)) this.clock.learn(time);
  }
}

/** The body as JSON; `null` where it is not. @throws Unreachable where the connection broke while reading. */
async function readAnswer(response: Response): Promise<unknown> {
  const text = await response.text().catch((error: unknown) => {
    if (error instanceof Error && error.name === "AbortError") throw error;
    throw new Unreachable(`The answer broke off: ${reason(error)}`);
  });
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
