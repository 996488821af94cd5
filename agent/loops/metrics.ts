import type { z } from "zod";
import type { AttemptRecord } from "../attempts/record.ts";
import type { Supervisor } from "../attempts/supervisor.ts";
import type { Bell } from "../backoff.ts";
import { failpoint } from "../failpoint.ts";
import type { ServerClient } from "../identity/client.ts";
import { Refused } from "../identity/refusals.ts";
import { AGENT_PATHS, type MetricBatches, MetricOffsets } from "../protocol/messages.ts";
import { sizeOf } from "../spool/cap.ts";
import { seriesOf } from "../spool/metric-source.ts";
import type { Sources } from "../spool/sources.ts";
import { forever } from "./loop.ts";

const LIVE_MS = 250;
const IDLE_MS = 1_000;
const POINTS_PER_REQUEST = 50_000;
const BATCHES_PER_REQUEST = 500;

type WireBatch = z.infer<typeof MetricBatches>["batches"][number];

export interface MetricsParts {
  client: ServerClient;
  supervisor: Supervisor;
  sources: Sources;
  bytes: Bell;
}

/** Sends the points of `drover: {…}` lines, batch by batch of stdout bytes; what the server has decides where the next begins. */
export class MetricsLoop {
  private readonly parts: MetricsParts;
  private solo: string[] = [];

  constructor(parts: MetricsParts) {
    this.parts = parts;
  }

  run(signal: AbortSignal): Promise<void> {
    return forever("metrics", signal, () => this.turn(signal), this.parts.client.outage);
  }

  async turn(signal: AbortSignal): Promise<void> {
    const batches = await this.collect();
    if (batches.length === 0) return this.rest(signal);
    failpoint("agent.metrics.before-send");
    const reply = await this.send(batches, signal);
    failpoint("agent.metrics.after-answer");
    for (const { attemptId, next } of reply.offsets) {
      const record = this.parts.supervisor.find(attemptId);
      if (record) await (await this.parts.sources.of(record)).settle(next);
    }
    for (const attemptId of reply.stale) await this.parts.supervisor.abandon(attemptId, "The server takes no more of its metrics: its fence is stale.");
  }

  private rest(signal: AbortSignal): Promise<void> {
    return this.parts.bytes.wait(this.parts.supervisor.running().length > 0 ? LIVE_MS : IDLE_MS, signal);
  }

  private async send(batches: WireBatch[], signal: AbortSignal): Promise<z.infer<typeof MetricOffsets>> {
    try {
      return await this.parts.client.json(AGENT_PATHS.metrics, { batches }, MetricOffsets, signal);
    } catch (error) {
      if (error instanceof Refused && batches.length > 1) this.solo = batches.map((batch) => batch.attemptId);
      throw error;
    }
  }

  private async collect(): Promise<WireBatch[]> {
    const only = this.solo.shift();
    const batches: WireBatch[] = [];
    let points = 0;
    for (const record of this.parts.supervisor.records()) {
      if (record.orphan || (only !== undefined && record.id !== only)) continue;
      const batch = await this.batchOf(record);
      if (!batch) continue;
      batches.push(batch.wire);
      points += batch.points;
      if (points >= POINTS_PER_REQUEST || batches.length >= BATCHES_PER_REQUEST) break;
    }
    return batches;
  }

  private async batchOf(record: AttemptRecord): Promise<{ wire: WireBatch; points: number } | null> {
    const ended = record.ended; // before the size: what is written after the end is swept, so this size is final
    const size = await sizeOf(record.folder.stdout);
    const source = await this.parts.sources.of(record);
    const batch = await source.next(size, ended, this.parts.client.clock.now());
    if (!batch) return null;
    await source.beforeSend(batch);
    return { wire: { attemptId: record.id, fence: record.fence, from: batch.from, to: batch.to, series: seriesOf(batch.points) }, points: batch.points.length };
  }

  /** Whether the server has every point of an ended attempt. */
  static async isDone(record: AttemptRecord): Promise<boolean> {
    return record.streams.metrics.next >= (await sizeOf(record.folder.stdout));
  }
}
