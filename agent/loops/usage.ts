import type { z } from "zod";
import type { AttemptRecord } from "../attempts/record.ts";
import type { Supervisor } from "../attempts/supervisor.ts";
import type { Bell } from "../backoff.ts";
import { failpoint } from "../failpoint.ts";
import type { ServerClient } from "../identity/client.ts";
import { log } from "../log.ts";
import { AGENT_PATHS, type Usage, UsageOffsets } from "../protocol/messages.ts";
import { forever } from "./loop.ts";

const LOOK_MS = 500;
/** Proof of life of what runs, when there is nothing else to say. */
const ALIVE_EVERY_MS = 10_000;
const PER_REQUEST = 500;

type WireUsage = z.infer<typeof Usage>["attempts"][number];

export interface UsageParts {
  client: ServerClient;
  supervisor: Supervisor;
  bytes: Bell;
  news: Bell;
}

/** Sends who held what, from the journal, until the server has it. No cap drops it, and no stale fence ends it. */
export class UsageLoop {
  private readonly parts: UsageParts;
  private aliveAt = 0;

  constructor(parts: UsageParts) {
    this.parts = parts;
  }

  run(signal: AbortSignal): Promise<void> {
    return forever("usage", signal, () => this.turn(signal), this.parts.client.outage);
  }

  async turn(signal: AbortSignal): Promise<void> {
    const { bytes, supervisor } = this.parts;
    await this.letGo();
    const isTime = performance.now() - this.aliveAt >= ALIVE_EVERY_MS;
    const owing = supervisor.records().filter((record) => owes(record) || (isTime && isAlive(record)));
    if (owing.length === 0) return bytes.wait(LOOK_MS, signal);
    if (isTime) this.aliveAt = performance.now();
    for (let at = 0; at < owing.length; at += PER_REQUEST) await this.send(owing.slice(at, at + PER_REQUEST), signal);
    this.parts.bytes.ring();
  }

  private async send(owing: readonly AttemptRecord[], signal: AbortSignal): Promise<void> {
    const { client, supervisor } = this.parts;
    failpoint("agent.usage.before-send");
    const attempts = owing.map((record) => this.wire(record));
    const reply = await client.json(AGENT_PATHS.usage, { hostAheadMs: Math.round(-client.clock.ahead()), attempts }, UsageOffsets, signal);
    failpoint("agent.usage.after-answer");
    for (const { attemptId, next } of reply.offsets) {
      const record = supervisor.find(attemptId);
      if (record) record.usageNext = Math.min(next, record.usage.length);
    }
    for (const attemptId of reply.unknown) this.disown(attemptId);
  }

  private wire(record: AttemptRecord): WireUsage {
    const from = record.usageNext ?? 0;
    return { attemptId: record.id, fence: record.fence, from, events: record.usage.slice(from, from + 1000), aliveAt: isAlive(record) ? this.parts.client.clock.now() : null };
  }

  private disown(attemptId: string): void {
    const record = this.parts.supervisor.find(attemptId);
    if (!record || record.usageNext === null) return;
    log.warn("The server has no such attempt: its usage is not sent", { attempt: attemptId });
    record.usageNext = null;
  }

  /** Ended attempts of which nothing else is wanted wait only for this. */
  private async letGo(): Promise<void> {
    for (const record of this.parts.supervisor.records()) if (record.orphan && record.usageDone) await this.parts.supervisor.forget(record.id);
  }
}

const owes = (record: AttemptRecord): boolean => record.usageNext !== null && record.usageNext < record.usage.length;
const isAlive = (record: AttemptRecord): boolean => !record.ended && record.usage.length > 0 && record.usageNext !== null;
