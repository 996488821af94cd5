import type { Context, Hono } from "hono";
import { streamSSE, type SSEStreamingApi } from "hono/streaming";
import { enter, guard, type GuardedEnv } from "../access/guard.ts";
import { createContext } from "../access/session.ts";
import { bus, type Change } from "../bus.ts";
import { log } from "../log.ts";
import type { Ctx } from "../trpc/context.ts";
import { isTold, Sight } from "./sight.ts";

const HEARTBEAT_MS = 15_000;
/** Longest that a stream outlives the session or the role it was opened with; a change of roles is looked at at once. */
const RECHECK_MS = 5_000;
/** A hot run may change many times a second: one event carries what gathered meanwhile. */
const GATHER_MS = 100;

const withoutOrg = (changes: Change[]) => changes.map(({ topic, id }) => ({ topic, id }));

const open = new Set<LiveStream>();

/** What changed in one organization, by id, to one tab. Content stays behind the queries' own permissions. */
class LiveStream {
  readonly #sse: SSEStreamingApi;
  readonly #orgId: string;
  readonly #seen: (changes: Change[]) => Promise<Change[]>;
  readonly #waiting = new Map<string, Change>();
  #timer: NodeJS.Timeout | undefined;
  #sending = false;
  readonly #mark: () => string;
  #end!: () => void;
  readonly ended: Promise<void>;

  /** @param seen Those changes of which this tab may know. */
  constructor(sse: SSEStreamingApi, orgId: string, { mark, seen }: { mark: () => string; seen: (changes: Change[]) => Promise<Change[]> }) {
    this.#mark = mark;
    this.#sse = sse;
    this.#orgId = orgId;
    this.#seen = seen;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  offer(changes: Change[]): void {
    for (const change of changes) {
      if (change.orgId === this.#orgId && isTold(change)) this.#waiting.set(`${change.topic} ${change.id}`, change);
    }
    this.#plan();
  }

  #plan(): void {
    if (this.#waiting.size > 0 && !this.#sending) this.#timer ??= setTimeout(() => void this.#flush(), GATHER_MS);
  }

  /** One event at a time: for a tab that does not read, what changes meanwhile is kept once each, not written into memory again and again. */
  async #flush(): Promise<void> {
    this.#timer = undefined;
    const changes = [...this.#waiting.values()];
    this.#waiting.clear();
    await this.#tell(async (mark) => {
      const seen = await this.#seen(changes);
      if (seen.length > 0) await this.#send("change", withoutOrg(seen), mark);
    });
  }

  /** @param since What changed since the tab's mark; null: that is not known, it must ask for everything anew. */
  async ready(since: Change[] | null): Promise<void> {
    await this.#tell(async (mark) => {
      const changes = withoutOrg(await this.#seen((since ?? []).filter(isTold)));
      await this.#send("ready", { heartbeatMs: HEARTBEAT_MS, missed: since === null, changes }, mark);
    });
  }

  /** With the mark up to which the tab then knows everything: that of before it was looked up what it may know. */
  async #tell(what: (mark: string) => Promise<void>): Promise<void> {
    const mark = this.#mark();
    this.#sending = true;
    try {
      await what(mark);
    } catch (err) {
      log().warn({ err }, "could not look up of which changes a tab may know; it connects anew");
      this.end();
    }
    this.#sending = false;
    this.#plan();
  }

  /** Hono swallows writes to a gone client; `onAbort` ends the stream then. */
  async #send(event: string, data: unknown, mark: string): Promise<void> {
    await this.#sse.writeSSE({ event, data: JSON.stringify(data), id: mark });
  }

  async beat(): Promise<void> {
    if (this.#sending) return;
    await this.#sse.write("event: beat\ndata: 0\n\n"); // an event, not a comment: the page must see that the stream still lives
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#end();
  }
}

/** Session, membership and permission as of now, not as of when the stream was opened; null: they ended. */
async function listenerNow(headers: Headers, org: string | undefined, ctx: Ctx): Promise<Ctx | null> {
  try {
    const now = await enter(await createContext(headers, org), "org:read", "GET /api/events");
    return now.orgId === ctx.orgId && now.actor.id === ctx.actor.id ? now : null;
  } catch {
    return null; // also when the database is away: the browser reconnects and asks again
  }
}

async function stream(c: Context<GuardedEnv>, sse: SSEStreamingApi): Promise<void> {
  const ctx = c.get("ctx");
  const { mark, since, subscribe, onGap } = bus();
  const sight = new Sight(ctx);
  const live = new LiveStream(sse, ctx.orgId, { mark, seen: (changes) => sight.of(changes) });
  open.add(live);
  sse.onAbort(() => live.end());
  const recheck = async () => {
    const now = await listenerNow(c.req.raw.headers, c.req.query("org"), ctx);
    if (now) sight.renew(now);
    else live.end();
  };
  const forgetGaps = onGap(() => void live.ready(null));
  const unsubscribe = subscribe((changes) => {
    live.offer(changes);
    if (changes.some((change) => change.topic === "people" && change.orgId === ctx.orgId)) void recheck();
  });
  const beat = setInterval(() => void live.beat(), HEARTBEAT_MS);
  const checking = setInterval(() => void recheck(), RECHECK_MS);
  try {
    await live.ready(since(c.req.query("since"), ctx.orgId)); // after subscribing: told twice is harmless, not at all is not
    await live.ended;
  } finally {
    clearInterval(beat);
    clearInterval(checking);
    unsubscribe();
    forgetGaps();
    open.delete(live);
  }
}

/**
 * GET /api/events?org=slug&since=mark: `ready` with what changed since the mark, then `change` events with [{ topic, id }], and
 * `beat` as a heartbeat. The id of an event is the mark to come back with.
 */
export function mountLive(app: Hono): void {
  app.get("/api/events", guard("org:read"), (c) => {
    const response = streamSSE(c as Context<GuardedEnv>, (sse) => stream(c as Context<GuardedEnv>, sse));
    response.headers.set("cache-control", "no-store, no-transform");
    response.headers.set("x-accel-buffering", "no"); // proxies must not gather
    return response;
  });
}

/** Ends every open stream, so that a server asked to stop can; browsers reconnect to its successor. */
export function closeLiveStreams(): void {
  for (const live of open) live.end();
}
