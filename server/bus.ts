import { randomUUID } from "node:crypto";
import type { Sql } from "postgres";
import type { Tx } from "../db/client.ts";
import { notifyWithin } from "../db/notify.ts";
import { ChangeMemory, formatMark, parseMark } from "../domain/shared/change-memory.ts";
import { log } from "./log.ts";

/**
 * What changed, by id: goes over Postgres NOTIFY to every server and worker. Never carries content, so a browser refetches
 * through its own permissions. Coalesced: hot paths (logs, metrics) call `publish` freely.
 */
export interface Change {
  orgId: string;
  /** run, attempt-log, run-metrics, report, cluster, queue, people, audit, agent-desired, agent-revoked */
  topic: string;
  id: string;
}

type Listener = (changes: Change[]) => void;
const CHANNEL = "drover_changes";
const FLUSH_MS = 60;
/** What could not be told is tried again after this long. */
const AGAIN_MS = 1_000;
/** Changes that are remembered for tabs that connect: many minutes of a busy installation. */
const REMEMBERED = 20_000;

export interface Bus {
  publish: (change: Change) => void;
  /** At once, for what somebody waits for (placement, long polls). Never fails: what it tells of is committed, so whoever asked for it has it. */
  publishNow: (changes: Change[]) => Promise<void>;
  /**
   * When the transaction commits, and only then: for what would be missed for minutes if this process died between its commit
   * and a word about it. Commits that tell something wait for each other, so it is not for hot paths.
   */
  publishWithin: (tx: Tx, changes: Change[]) => Promise<void>;
  subscribe: (listener: Listener) => () => void;
  /** This moment. What is read from the database after it holds every change that was told before it. */
  mark: () => string;
  /** An organization's changes since a mark; null where this process cannot know: another one's mark, or a gap in its listening. */
  since: (mark: string | undefined, orgId: string) => Change[] | null;
  /** Called when changes may have been missed, since the connection to the database was away. */
  onGap: (listener: () => void) => () => void;
  close: () => Promise<void>;
}

export async function openBus(sql: Sql): Promise<Bus> {
  const listeners = new Set<Listener>();
  const gapListeners = new Set<() => void>();
  const memory = rememberChanges();
  const subscription = await sql.listen(
    CHANNEL,
    (payload) => {
      const changes = JSON.parse(payload) as Change[];
      memory.note(changes);
      for (const listener of listeners) listener(changes);
    },
    () => {
      memory.begin(); // also each time that the listening connection was lost and made anew
      for (const listener of gapListeners) listener();
    },
  );

  const teller = openTeller(sql);
  return {
    publish: teller.tellSoon,
    publishNow: teller.tell,
    publishWithin: async (tx, changes) => {
      for (const payload of payloadsOf(changes)) await notifyWithin(tx, CHANNEL, payload);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    mark: memory.mark,
    since: memory.since,
    onGap: (listener) => {
      gapListeners.add(listener);
      return () => gapListeners.delete(listener);
    },
    close: async () => {
      teller.close();
      await subscription.unlisten();
    },
  };
}

/** Tells others of changes: at once, or gathered for a moment. */
function openTeller(sql: Sql) {
  const waiting = new Map<string, Change>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const keep = (change: Change) => void waiting.set(`${change.topic} ${change.id}`, change);

  async function send(changes: Change[]): Promise<void> {
    const payloads = payloadsOf(changes);
    if (payloads.length > 0) await sql`select pg_notify(${CHANNEL}, payload) from unnest(${payloads}::text[]) as payload`;
  }
  /** What could not be told is kept: only this connection may have been lost, and those who listen would wait for it for ever. */
  async function tell(changes: Change[]): Promise<void> {
    try {
      await send(changes);
    } catch (err) {
      log().warn({ err }, "could not publish changes; trying again");
      for (const change of changes.slice(0, Math.max(0, REMEMBERED - waiting.size))) keep(change);
      if (!closed) timer ??= setTimeout(flush, AGAIN_MS);
    }
  }
  function flush(): void {
    timer = undefined;
    const changes = [...waiting.values()];
    waiting.clear();
    void tell(changes);
  }
  return {
    tell,
    tellSoon: (change: Change) => {
      keep(change);
      timer ??= setTimeout(flush, FLUSH_MS);
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** NOTIFY carries at most 8,000 bytes. */
function payloadsOf(changes: Change[]): string[] {
  const payloads: string[] = [];
  for (let at = 0; at < changes.length; at += 40) payloads.push(JSON.stringify(changes.slice(at, at + 40)));
  return payloads;
}

/** What this process heard, under a name that no other process and no earlier time of listening has. */
export function rememberChanges(most = REMEMBERED) {
  const memory = new ChangeMemory<Change>(({ orgId, topic, id }) => `${orgId} ${topic} ${id}`, most);
  const now = () => Math.floor(performance.now());
  return {
    begin: () => memory.begin({ epoch: randomUUID(), at: now() }),
    note: (changes: Change[]) => memory.note(now(), changes),
    mark: () => formatMark({ epoch: memory.epoch ?? "none", at: now() }),
    since: (mark: string | undefined, orgId: string) => memory.since(parseMark(mark))?.filter((change) => change.orgId === orgId) ?? null,
  };
}

// One bus for our bundle and Next's chunks.
const shared = globalThis as typeof globalThis & { droverBus?: Bus };
export const setBus = (bus: Bus): void => void (shared.droverBus = bus);
export function bus(): Bus {
  if (!shared.droverBus) throw new Error("The bus is not open yet.");
  return shared.droverBus;
}
