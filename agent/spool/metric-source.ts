import { open } from "node:fs/promises";
import { z } from "zod";
import type { AttemptRecord } from "../attempts/record.ts";
import { readText } from "../disk.ts";
import { log } from "../log.ts";
import { rankEnds } from "../drivers/ranks.ts";
import { ranksOf } from "../protocol/ranks.ts";
import { LIMITS, WireNumber } from "../protocol/messages.ts";
import { type Batch, type Point, PointReader } from "./points.ts";
import { readRange } from "./tail.ts";

const READ = 1024 * 1024;
/** Stdout without points is acknowledged in steps of this many bytes, so that a restart need not read it all again. */
const QUIET_SPAN = 4 * 1024 * 1024;

const KeptLine = z.object({
  to: z.int(),
  counter: z.int(),
  points: z.array(z.object({ key: z.string(), step: z.int(), time: z.int(), value: WireNumber, end: z.int() })),
});

/**
 * The metric points of one attempt that the server does not have yet, in order. Mostly read from stdout again and again;
 * points of bytes that the spool's cap dropped are kept in a file of their own, so that none is ever lost with them.
 */
export class MetricSource {
  private readonly record: AttemptRecord;
  private readonly kept: Point[] = [];
  private keptTo = 0;
  private keptCounter = 0;
  /** Where each rank runs, as far as that is known. */
  private readonly nodes = new Map<number, string>();
  private reader: PointReader | null = null;
  private inFlight: Batch | null = null;
  private ended = false;
  /** The reader is moved by the loop that sends and by the one that drops: one at a time. */
  private busy: Promise<unknown> = Promise.resolve();

  private constructor(record: AttemptRecord) {
    this.record = record;
  }

  static async open(record: AttemptRecord): Promise<MetricSource> {
    const source = new MetricSource(record);
    for (const line of ((await readText(record.folder.keptMetrics)) ?? "").split("\n")) {
      if (line === "") continue;
      const parsed = parseKept(line);
      if (!parsed) {
        log.warn("A torn line of kept metrics is left out; its bytes were not dropped", { attempt: record.id });
        break;
      }
      source.kept.push(...parsed.points);
      source.keptTo = parsed.to;
      source.keptCounter = parsed.counter;
    }
    return source;
  }

  private alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.busy.then(work, work);
    this.busy = turn.catch(() => {});
    return turn;
  }

  private get offsets() {
    return this.record.streams.metrics;
  }

  private current(): PointReader {
    const next = this.offsets.next;
    this.reader ??= next >= this.keptTo ? new PointReader(next, this.offsets.counter, this.nodeOf) : new PointReader(this.keptTo, this.keptCounter, this.nodeOf);
    return this.reader;
  }

  /**
   * The next batch to send, or null where there is nothing new. The same one until `settle` was told about it.
   * @param ended The process has ended: what stands at the end of the file is all there will be.
   */
  next(size: number, ended: boolean, now: number): Promise<Batch | null> {
    return this.alone(async () => {
      this.inFlight ??= this.nextKept() ?? (await this.nextRead(size, ended, now));
      return this.inFlight;
    });
  }

  private nextKept(): Batch | null {
    const { next, counter } = this.offsets;
    if (next >= this.keptTo) return null;
    const waiting = this.kept.filter((point) => point.end > next);
    if (waiting.length <= LIMITS.metricPoints) return { from: next, to: this.keptTo, points: waiting, counter: this.keptCounter };
    const end = waiting[LIMITS.metricPoints]?.end ?? this.keptTo;
    const points = waiting.filter((point) => point.end < end); // whole lines only
    return { from: next, to: points.at(-1)?.end ?? this.keptTo, points, counter };
  }

  private readonly nodeOf = (rank: number): string | null => this.nodes.get(rank) ?? null;

  /** Each rank writes down where it runs before its first line. */
  private async learnNodes(): Promise<void> {
    const { spec, folder } = this.record;
    if (!spec || this.nodes.size >= ranksOf(spec) || ranksOf(spec) === 1) return;
    for (const { rank, node } of await rankEnds(folder.home)) if (node !== "") this.nodes.set(rank, node);
  }

  private async nextRead(size: number, ended: boolean, now: number): Promise<Batch | null> {
    await this.learnNodes();
    const reader = this.current();
    await this.readOn(reader, size, now);
    if (ended && reader.position >= size && !this.ended) this.ended = reader.finish(now);
    const isDue = reader.waiting > 0 || reader.span >= QUIET_SPAN || (ended && reader.position >= size);
    return isDue ? reader.take() : null;
  }

  /** Reads until the batch is full or the file is. */
  private async readOn(reader: PointReader, upTo: number, now: number): Promise<void> {
    while (reader.position < upTo && reader.waiting < LIMITS.metricPoints && reader.span < QUIET_SPAN * 4) {
      const bytes = await readRange(this.record.folder.stdout, reader.position, Math.min(READ, upTo - reader.position));
      if (bytes.length === 0 || reader.feed(bytes, now) === 0) return;
    }
  }

  /** Notes what is about to be sent, where a step counter depends on it. */
  async beforeSend(batch: Batch): Promise<void> {
    this.offsets.sent = { next: batch.to, counter: batch.counter };
    if (batch.counter !== this.offsets.counter) await this.record.saveStreams(true);
  }

  /** What the server answered: the next byte it wants. */
  settle(next: number): Promise<void> {
    return this.alone(() => this.settleNow(next));
  }

  private async settleNow(next: number): Promise<void> {
    const { offsets, inFlight } = this;
    this.inFlight = null;
    const isAsSent = inFlight !== null && inFlight.to === next;
    if (offsets.sent?.next === next) offsets.counter = offsets.sent.counter;
    else if (next !== offsets.next) offsets.counter = await this.counterAt(next);
    offsets.next = next;
    offsets.sent = null;
    if (!isAsSent) {
      this.reader = null; // read again from where the server is
      this.ended = false;
    }
    await this.record.saveStreams();
  }

  /** How many steps were given before this byte: counted again from the start of the file. */
  private async counterAt(next: number): Promise<number> {
    if (this.record.streams.stdout.punched > 0) return this.keptTo === next ? this.keptCounter : this.offsets.counter;
    const reader = new PointReader(0, 0);
    let counter = 0;
    while (reader.position < next) {
      const bytes = await readRange(this.record.folder.stdout, reader.position, Math.min(READ, next - reader.position));
      if (bytes.length === 0 || reader.feed(bytes, 0) === 0) break;
      for (let batch = reader.take(); batch; batch = reader.take()) counter = batch.counter;
    }
    return counter;
  }

  /**
   * Reads ahead to `upTo` and keeps the points on disk, synced. Answers how far the bytes are now without worth: they may
   * be dropped. @param upTo Offset in stdout.
   */
  keepThrough(upTo: number, now: number): Promise<number> {
    return this.alone(() => this.keepNow(upTo, now));
  }

  private async keepNow(upTo: number, now: number): Promise<number> {
    await this.learnNodes();
    const reader = this.current();
    if (this.inFlight && this.inFlight.from >= this.keptTo) await this.append(this.inFlight);
    while (reader.position < upTo) {
      const bytes = await readRange(this.record.folder.stdout, reader.position, Math.min(READ, upTo - reader.position));
      if (bytes.length === 0) break;
      const took = reader.feed(bytes, now);
      if (reader.waiting >= LIMITS.metricPoints || took < bytes.length) await this.append(reader.take());
    }
    for (let batch = reader.take(); batch; batch = reader.take()) await this.append(batch);
    return Math.min(reader.settled, upTo);
  }

  private async append(batch: Batch | null): Promise<void> {
    if (!batch || batch.to <= this.keptTo) return;
    const handle = await open(this.record.folder.keptMetrics, "a", 0o600);
    try {
      await handle.write(`${JSON.stringify({ to: batch.to, counter: batch.counter, points: batch.points })}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    this.kept.push(...batch.points);
    this.keptTo = batch.to;
    this.keptCounter = batch.counter;
  }

  /** Bytes of stdout below this hold no point that exists nowhere else. */
  get safeBelow(): number {
    return Math.max(this.offsets.next, this.keptTo);
  }
}

function parseKept(line: string): z.infer<typeof KeptLine> | null {
  try {
    return KeptLine.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

/** The batch as the protocol writes it: one series per key, points in reading order. */
export function seriesOf(points: readonly Point[]): { key: string; steps: number[]; times: number[]; values: Point["value"][] }[] {
  const byKey = new Map<string, { key: string; steps: number[]; times: number[]; values: Point["value"][] }>();
  for (const point of points) {
    const series = byKey.get(point.key) ?? { key: point.key, steps: [], times: [], values: [] };
    byKey.set(point.key, series);
    series.steps.push(point.step);
    series.times.push(point.time);
    series.values.push(point.value);
  }
  return [...byKey.values()];
}
