import { z } from "zod";

/**
 * Points as columns of bytes, for programs that log a great many: "DRP1", the length of a JSON header (uint32), the header, and
 * then for each series its steps (int64), times (int64, Unix ms) and values (float64 or float32), all little-endian. Columns that
 * grow evenly stand in the header instead.
 */
export const COLUMNAR_LIMITS = { series: 1000, points: 500_000, headerBytes: 1024 * 1024 } as const;

/** Numbers up to here are whole and exact, and so are their differences. */
const EXACT = 2 ** 51;
const whole = z.int().min(-EXACT).max(EXACT);
const Even = z.strictObject({ from: whole, by: whole });
const Header = z.strictObject({
  run_id: z.string().min(1).max(100),
  series: z
    .array(z.strictObject({ key: z.string(), points: z.int().min(1).max(COLUMNAR_LIMITS.points), steps: Even.optional(), times: Even.optional(), values: z.enum(["float64", "float32"]).default("float64") }))
    .min(1)
    .max(COLUMNAR_LIMITS.series),
});

export interface ColumnarSeries {
  key: string;
  steps: Float64Array | BigInt64Array;
  times: Float64Array | BigInt64Array;
  values: Float64Array;
}

const MAGIC = "DRP1";
const PROLOGUE = 8;

/** @returns what is wrong, in words, for bytes that are none. */
export function readColumnar(bytes: Uint8Array): { runId: string; series: ColumnarSeries[] } | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PROLOGUE || new TextDecoder("latin1").decode(bytes.subarray(0, 4)) !== MAGIC) return `The body must begin with ${MAGIC} and the length of its header.`;
  const headerLength = view.getUint32(4, true);
  if (headerLength > COLUMNAR_LIMITS.headerBytes || PROLOGUE + headerLength > bytes.length) return `The header is said to have ${headerLength} bytes; the body has ${bytes.length}, and a header may have ${COLUMNAR_LIMITS.headerBytes}.`;
  const header = headerOf(bytes.subarray(PROLOGUE, PROLOGUE + headerLength));
  if (typeof header === "string") return header;
  const total = header.series.reduce((sum, { points }) => sum + points, 0);
  if (total > COLUMNAR_LIMITS.points) return `A request can contain at most ${COLUMNAR_LIMITS.points} points. Got ${total}.`;
  const wanted = header.series.reduce((sum, one) => sum + one.points * ((one.steps ? 0 : 8) + (one.times ? 0 : 8) + (one.values === "float64" ? 8 : 4)), PROLOGUE + headerLength);
  if (wanted !== bytes.length) return `The header tells of ${wanted} bytes in all; the body has ${bytes.length}.`;
  return { runId: header.run_id, series: columnsOf(bytes, header.series, PROLOGUE + headerLength) };
}

function headerOf(bytes: Uint8Array): z.output<typeof Header> | string {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return "The header must be JSON in UTF-8.";
  }
  const header = Header.safeParse(json);
  return header.success ? header.data : `Invalid header: ${header.error.issues[0]!.path.join(".")}: ${header.error.issues[0]!.message}`;
}

function columnsOf(bytes: Uint8Array, series: z.output<typeof Header>["series"], begin: number): ColumnarSeries[] {
  let at = begin;
  /** In a buffer of their own: typed arrays begin at multiples of their width. */
  const take = (length: number): ArrayBuffer => new Uint8Array(bytes.subarray(at, (at += length))).buffer;
  return series.map(({ key, points, steps, times, values }) => ({
    key,
    steps: steps ? evenly(steps, points) : int64s(take(points * 8)),
    times: times ? evenly(times, points) : int64s(take(points * 8)),
    values: values === "float64" ? new Float64Array(take(points * 8)) : new Float64Array(new Float32Array(take(points * 4))),
  }));
}

const evenly = ({ from, by }: z.output<typeof Even>, points: number): Float64Array | BigInt64Array => {
  if (Math.abs(from + by * (points - 1)) > EXACT) return BigInt64Array.from({ length: points }, (_, at) => BigInt(from) + BigInt(by) * BigInt(at));
  return Float64Array.from({ length: points }, (_, at) => from + by * at);
};

/** As numbers where all of them are exact. */
function int64s(buffer: ArrayBuffer): Float64Array | BigInt64Array {
  const halves = new Int32Array(buffer);
  const plain = new Float64Array(halves.length / 2);
  for (let at = 0; at < plain.length; at += 1) {
    const value = halves[at * 2 + 1]! * 2 ** 32 + (halves[at * 2]! >>> 0);
    if (Math.abs(value) > EXACT) return new BigInt64Array(buffer);
    plain[at] = value;
  }
  return plain;
}
