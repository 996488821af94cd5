import type { Sql } from "postgres";
import { log } from "./log.ts";

/**
 * What changed, by id: goes over Postgres NOTIFY to every server and worker. Never carries content, so a browser refetches
 * through its own permissions. Coalesced: hot paths (logs, metrics) call `publish` freely.
 */
export interface Change {
  orgId: string;
  /** run, attempt-log, run-metrics, cluster, queue, people, audit, agent-desired, agent-revoked */
  topic: string;
  id: string;
}

type Listener = (changes: Change[]) => void;
const CHANNEL = "drover_changes";
const FLUSH_MS = 60;

export interface Bus {
  publish: (change: Change) => void;
  /** At once, for what somebody waits for (placement, long polls). */
  publishNow: (changes: Change[]) => Promise<void>;
  subscribe: (listener: Listener) => () => void;
  close: () => Promise<void>;
}

export async function openBus(sql: Sql): Promise<Bus> {
  const listeners = new Set<Listener>();
  const waiting = new Map<string, Change>();
  let timer: NodeJS.Timeout | undefined;

  const subscription = await sql.listen(CHANNEL, (payload) => {
    const changes = JSON.parse(payload) as Change[];
    for (const listener of listeners) listener(changes);
  });

  async function send(changes: Change[]): Promise<void> {
    const payloads: string[] = [];
    for (let at = 0; at < changes.length; at += 40) payloads.push(JSON.stringify(changes.slice(at, at + 40))); // NOTIFY carries at most 8,000 bytes
    if (payloads.length > 0) await sql`select pg_notify(${CHANNEL}, payload) from unnest(${payloads}::text[]) as payload`;
  }
  function flush(): void {
    timer = undefined;
    const changes = [...waiting.values()];
    waiting.clear();
    send(changes).catch((err: unknown) => log().warn({ err }, "could not publish changes; pages refetch on their own"));
  }
  return {
    publish: (change) => {
      waiting.set(`${change.topic} ${change.id}`, change);
      timer ??= setTimeout(flush, FLUSH_MS);
    },
    publishNow: send,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      clearTimeout(timer);
      await subscription.unlisten();
    },
  };
}

// One bus for our bundle and Next's chunks.
const shared = globalThis as typeof globalThis & { droverBus?: Bus };
export const setBus = (bus: Bus): void => void (shared.droverBus = bus);
export function bus(): Bus {
  if (!shared.droverBus) throw new Error("The bus is not open yet.");
  return shared.droverBus;
}
