import { log } from "../log.ts";
import { flushPresence, type Standing } from "./commands/presence.ts";
import type { AgentServices } from "./services.ts";

const FLUSH_MS = 1000;

export interface Presence {
  /** The agent spoke just now. */
  heard: (agentId: string) => void;
  /** Writes at once what is not written yet. */
  flush: () => Promise<void>;
  stop: () => void;
}

/** Who spoke, in memory, written once a second for all: a heartbeat must not cost a row each. Starts its own timer. */
export function startPresence(services: Pick<AgentServices, "sql" | "bus" | "leaseSeconds">, hear: (standings: Standing[]) => void): Presence {
  let heard = new Map<string, number>();
  let flushing: Promise<void> = Promise.resolve();
  async function write(): Promise<void> {
    const batch = heard;
    heard = new Map();
    const now = performance.now();
    const ages = new Map([...batch].map(([id, at]) => [id, Math.max(0, now - at)]));
    try {
      hear(await flushPresence(services.sql, services.bus, ages, services.leaseSeconds));
    } catch (err) {
      for (const [id, at] of batch) heard.set(id, Math.max(at, heard.get(id) ?? 0)); // nothing heard is forgotten
      log().warn({ err }, "could not write which agents were heard; the next second tries again");
    }
  }
  const flush = () => (flushing = flushing.then(write));
  const timer = setInterval(() => void flush(), FLUSH_MS);
  timer.unref();
  void flush();
  return { heard: (agentId) => void heard.set(agentId, performance.now()), flush, stop: () => clearInterval(timer) };
}
