import { LIMITS } from "../protocol/messages.ts";
import { rankStepKey } from "../protocol/ranks.ts";

/** One number of one metric line. */
export interface Point {
  key: string;
  step: number;
  /** Unix ms. */
  time: number;
  value: number | "NaN" | "Infinity" | "-Infinity";
  /** Offset after the line it stands in. */
  end: number;
}

const PREFIX = "drover: ";
/** Stands before the lines of an attempt of several ranks (drivers/ranks.ts). */
const LABEL = /^\[rank (\d{1,7})\] /;
const HEAD_BYTES = 17 + PREFIX.length;

/** Bytes before the JSON of a metric line that begins so; -1: it is none; null: it is too short to tell. */
function headOf(start: string): number | null {
  const label = LABEL.exec(start)?.[0].length ?? 0;
  if (label === 0 && ("[rank ".startsWith(start) || /^\[rank \d{0,7}\]?$/.test(start))) return null;
  const rest = start.slice(label, label + PREFIX.length);
  if (!PREFIX.startsWith(rest)) return -1;
  return rest.length === PREFIX.length ? label + PREFIX.length : null;
}
/** Longer lines are text, whatever they start with. */
export const MAX_LINE = 10 * 1024 * 1024;
const LF = 0x0a;
const CR = 0x0d;

/** Parses the JSON of a metric line; bare NaN and infinities, as Python writes them, included. Null: not an object. */
export function parseObject(text: string): Record<string, unknown> | null {
  const value = attempt(text) ?? attempt(text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (token) => (token.startsWith('"') ? token : `"${token}"`)));
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}

function attempt(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function numeric(value: unknown): Point["value"] | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : value > 0 ? "Infinity" : "-Infinity"; // 1e999 overflows
  return value === "NaN" || value === "Infinity" || value === "-Infinity" ? value : null;
}

/** Seconds or milliseconds since 1970, told apart by size. */
function moment(value: unknown, otherwise: number): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) return otherwise;
  const ms = Math.round(value > 1e11 ? value : value * 1000);
  return Number.isSafeInteger(ms) ? ms : otherwise;
}

/** The points of one line's JSON. `counter` is the step of a line that names none. */
export function pointsOf(fields: Record<string, unknown>, counter: number, now: number, end: number): { points: Point[]; counted: boolean } {
  const hasStep = typeof fields.step === "number" && Number.isSafeInteger(fields.step);
  const step = hasStep ? (fields.step as number) : counter;
  const time = moment(fields.time, now);
  const points: Point[] = [];
  for (const [key, raw] of Object.entries(fields)) {
    if (key === "step" || key === "time") continue;
    const value = numeric(raw);
    if (value !== null && isKey(key) && points.length < LIMITS.metricPoints) points.push({ key, step, time, value, end });
  }
  return { points, counted: !hasStep && points.length > 0 };
}

/** What a step took a rank before it waits for the others, under this name in a line of that rank: kept apart by rank as well, for whoever looks for slow ones. */
const STEP_SECONDS = "step_seconds";

/** The points of a rank's line, and what is kept apart by rank. */
function ofRank(points: readonly Point[], rank: number, node: string): Point[] {
  return points.flatMap((point) => (point.key === STEP_SECONDS ? [point, { ...point, key: rankStepKey(rank, node) }] : [point])).slice(0, LIMITS.metricPoints);
}

/** What a database and a URL can hold: no control characters, no halves of surrogate pairs. */
const isKey = (key: string): boolean => key.length > 0 && key.length <= LIMITS.metricKey && key.isWellFormed() && !/\p{Cc}/u.test(key);

export interface Batch {
  from: number;
  to: number;
  points: Point[];
  /** Steps given to lines without one, after this batch. */
  counter: number;
}

/**
 * Reads stdout for metric lines, in pieces of any size, and hands out batches that end at line ends. A line ends at LF or
 * CR, so that progress bars, which rewrite their line, end theirs too. Feeding the same bytes again from a batch's `from`
 * with its counter gives the same points.
 */
export class PointReader {
  /** Where the next batch begins: every byte before it is accounted for. */
  private from: number;
  /** Bytes seen. */
  private at: number;
  private lineStart: number;
  private counter: number;
  private points: Point[] = [];
  /** Of the line that ended last, where the batch had no room for them: `take` begins the next one with them. */
  private over: { points: Point[]; counted: boolean } | null = null;
  /** The line so far, kept only while it can still be a metric line. */
  private kept: Buffer[] = [];
  private keptBytes = 0;
  private isText = false;

  /** Where a rank of the attempt runs; null while that is not known. */
  private readonly nodeOf: (rank: number) => string | null;

  constructor(from: number, counter: number, nodeOf: (rank: number) => string | null = () => null) {
    this.nodeOf = nodeOf;
    this.from = from;
    this.at = from;
    this.lineStart = from;
    this.counter = counter;
  }

  /** The next byte it wants. */
  get position(): number {
    return this.at;
  }

  /** Takes the bytes at `position`. Stops early, at a line end, once the batch holds `mostPoints` or the next line has too many for it; answers the bytes taken. */
  feed(bytes: Buffer, now: number, mostPoints: number = LIMITS.metricPoints): number {
    let done = 0;
    while (done < bytes.length) {
      if (this.over || (this.points.length >= mostPoints && this.at === this.lineStart)) break;
      const end = lineEnd(bytes, done);
      if (end < 0) {
        this.keep(bytes.subarray(done));
        done = bytes.length;
        break;
      }
      this.keep(bytes.subarray(done, end));
      this.at += 1;
      this.endLine(now, mostPoints);
      done = end + 1;
    }
    return done;
  }

  /** The writer has ended: what stands there without a line end is a line too. False: first a batch must be taken. */
  finish(now: number): boolean {
    if (this.over) return false;
    if (this.at > this.lineStart) this.endLine(now, LIMITS.metricPoints);
    return true;
  }

  /** Points of whole lines so far, or null where no line has ended since the last batch. There may be another batch right behind it. */
  take(): Batch | null {
    if (this.lineStart === this.from) return null;
    const batch = { from: this.from, to: this.lineStart, points: this.points, counter: this.counter };
    this.from = this.lineStart;
    this.points = [];
    if (this.over) {
      const { points, counted } = this.over;
      this.over = null;
      this.addLine(points, counted);
    }
    return batch;
  }

  /** Bytes below this are accounted for, by a batch or as text of a line that cannot hold points. */
  get settled(): number {
    return this.isText ? this.at : this.lineStart;
  }

  /** Points that wait for `take`. */
  get waiting(): number {
    return this.points.length;
  }

  /** Bytes of whole lines that wait for `take`. */
  get span(): number {
    return this.lineStart - this.from;
  }

  private keep(part: Buffer): void {
    this.at += part.length;
    if (this.isText || part.length === 0) return;
    if (this.keptBytes < HEAD_BYTES) {
      const start = Buffer.concat([...this.kept, part.subarray(0, HEAD_BYTES)]).subarray(0, HEAD_BYTES).toString("latin1");
      if (headOf(start) === -1) return this.dropLine();
    }
    if (this.keptBytes + part.length > MAX_LINE) return this.dropLine();
    this.kept.push(Buffer.from(part)); // the caller's buffer is its own
    this.keptBytes += part.length;
  }

  private dropLine(): void {
    this.isText = true;
    this.kept = [];
    this.keptBytes = 0;
  }

  private endLine(now: number, mostPoints: number): void {
    const line = this.isText || this.keptBytes === 0 ? null : Buffer.concat(this.kept);
    const start = line ? line.subarray(0, HEAD_BYTES).toString("latin1") : "";
    const head = line ? headOf(start) : null;
    const fields = line && head !== null && head > 0 ? parseObject(line.subarray(head).toString("utf8")) : null;
    const { points: plain, counted } = fields ? pointsOf(fields, this.counter, now, this.at) : { points: [], counted: false };
    const rank = fields ? LABEL.exec(start)?.[1] : undefined;
    const node = rank === undefined ? null : this.nodeOf(Number(rank));
    const points = node === null ? plain : ofRank(plain, Number(rank), node);
    this.kept = [];
    this.keptBytes = 0;
    this.isText = false;
    if (this.points.length > 0 && this.points.length + points.length > mostPoints) this.over = { points, counted };
    else this.addLine(points, counted);
  }

  private addLine(points: readonly Point[], counted: boolean): void {
    for (const point of points) this.points.push(point);
    if (counted) this.counter += 1;
    this.lineStart = this.at;
  }
}

function lineEnd(bytes: Buffer, from: number): number {
  const lf = bytes.indexOf(LF, from);
  const cr = (lf < 0 ? bytes : bytes.subarray(0, lf)).indexOf(CR, from);
  return cr >= 0 ? cr : lf;
}
