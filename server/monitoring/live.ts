import type { Context, Hono } from "hono";
import { streamSSE, type SSEStreamingApi } from "hono/streaming";
import { enter, guard, type GuardedEnv } from "../access/guard.ts";
import { createContext } from "../access/session.ts";
import { bus, type Change } from "../bus.ts";
import type { Ctx } from "../trpc/context.ts";

const HEARTBEAT_MS = 15_000;
/** Longest that a stream outlives the session or the role it was opened with; a change of roles is looked at at once. */
const RECHECK_MS = 5_000;
/** A hot run may change many times a second: one event carries what gathered meanwhile. */
const GATHER_MS = 100;
/** Topics between servers, workers and agents; browsers have no use for them. */
const INTERNAL = new Set(["agent-desired", "agent-revoked"]);

const isTold = ({ topic }: Change) => !INTERNAL.has(topic);
const withoutOrg = (changes: Change[]) => changes.map(({ topic, id }) => ({ topic, id }));

const open = new Set<LiveStream>();

/** What changed in one organization, by id, to one tab. Content stays behind the queries' own permissions. */
class LiveStream {
  readonly #sse: SSEStreamingApi;
  readonly #orgId: string;
  readonly #waiting = new Map<string, Change>();
  #timer: NodeJS.Timeout | undefined;
  #sending = false;
  readonly #mark: () => string;
  #end!: () => void;
  readonly ended: Promise<void>;

  constructor(sse: SSEStreamingApi, orgId: string, mark: () => string) {
    this.#mark = mark;
    this.#sse = sse;
    this.#orgId = orgId;
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
    const changes = withoutOrg([...this.#waiting.values()]);
    this.#waiting.clear();
    this.#sending = true;
    await this.send("change", changes);
    this.#sending = false;
    this.#plan();
  }

  /** @param since What changed since the tab's mark; null: that is not known, it must ask for everything anew. */
  async ready(since: Change[] | null): Promise<void> {
    await this.send("ready", { heartbeatMs: HEARTBEAT_MS, missed: since === null, changes: withoutOrg((since ?? []).filter(isTold)) });
  }

  /** With the mark up to which the tab then knows everything. Hono swallows writes to a gone client; `onAbort` ends the stream then. */
  async send(event: string, data: unknown): Promise<void> {
    await this.#sse.writeSSE({ event, data: JSON.stringify(data), id: this.#mark() });
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

/** Session, membership and permission as of now, not as of when the stream was opened. */
async function mayStillListen(headers: Headers, org: string | undefined, ctx: Ctx): Promise<boolean> {
  try {
    const now = await enter(await createContext(headers, org), "org:read", "GET /api/events");
    return now.orgId === ctx.orgId && now.actor.id === ctx.actor.id;
  } catch {
    return false; // also when the database is away: the browser reconnects and asks again
  }
}

async function stream(c: Context<GuardedEnv>, sse: SSEStreamingApi): Promise<void> {
  const ctx = c.get("ctx");
  const { mark, since, subscribe, onGap } = bus();
  const live = new LiveStream(sse, ctx.orgId, mark);
  open.add(live);
  sse.onAbort(() => live.end());
  const recheck = () => void mayStillListen(c.req.raw.headers, c.req.query("org"), ctx).then((may) => may || live.end());
  const forgetGaps = onGap(() => void live.ready(null));
  const unsubscribe = subscribe((changes) => {
    live.offer(changes);
    if (changes.some((change) => change.topic === "people" && change.orgId === ctx.orgId)) recheck();
  });
  const beat = setInterval(() => void live.beat(), HEARTBEAT_MS);
  const checking = setInterval(recheck, RECHECK_MS);
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
