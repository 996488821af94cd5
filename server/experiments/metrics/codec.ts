import { packApart, packTogether, unpackApart, unpackTogether } from "./planes.ts";

/**
 * Points of one series as bytes, and back without losing a bit: steps and times as differences or as what they are off a line,
 * values as their bytes in planes, both packed with zstd. A column that does not change, or grows evenly, takes 17 bytes however
 * long it is.
 *
 * Layout: version (1 byte), count (uint32), then steps, times, values: each length (uint32) and method (1 byte) before its bytes.
 */
export interface Columns {
  /** Whole numbers; bigints where a number would not be exact. */
  steps: Ints;
  times: Ints;
  values: Float64Array;
}
export type Ints = Float64Array | BigInt64Array;

/** 2 packs each plane by itself and knows lines: that takes longer, so compaction writes it. */
const [TOGETHER, APART] = [1, 2] as const;
/** Levels of zstd above this one have the time. */
const QUICK = 1;
const [EVEN, SMALL, WIDE, LINE] = [0, 1, 2, 3] as const; // whole numbers
const [SAME, SINGLE, DOUBLE] = [0, 1, 2] as const; // values
/** Added to a method whose bytes are as they were, without planes and zstd. */
const PLAIN = 16;

/** @param level of zstd; 0 for none of it, while a client waits: compaction packs what is kept. */
export function encode({ steps, times, values }: Columns, level: number): Buffer {
  const parts = [encodeInts(steps, level), encodeInts(times, level), encodeValues(values, level)];
  const head = Buffer.alloc(5);
  head.writeUInt8(level > QUICK ? APART : TOGETHER, 0);
  head.writeUInt32LE(values.length, 1);
  return Buffer.concat([head, ...parts.flatMap(({ method, bytes }) => [Buffer.from([bytes.length & 255, (bytes.length >>> 8) & 255, (bytes.length >>> 16) & 255, bytes.length >>> 24, method]), bytes])]);
}

/** @throws Error for bytes that this did not make. */
export function decode(body: Buffer): Columns {
  const version = body.readUInt8(0);
  if (version !== TOGETHER && version !== APART) throw new Error(`Unknown version ${version} of a metric batch.`);
  const count = body.readUInt32LE(1);
  let at = 5;
  const next = () => {
    const length = body.readUInt32LE(at);
    const part = { version, method: body.readUInt8(at + 4), bytes: body.subarray(at + 5, at + 5 + length) };
    at += 5 + length;
    return part;
  };
  return { steps: decodeInts(next(), count), times: decodeInts(next(), count), values: decodeValues(next(), count) };
}

interface Part {
  method: number;
  bytes: Buffer;
}
type Packed = Part & { version: number };

function pack(method: number, array: Wide, level: number, head?: Uint8Array): Part {
  const bytes = raw(array);
  const packed = level === 0 ? bytes : (level > QUICK ? packApart : packTogether)(bytes, array.BYTES_PER_ELEMENT, level);
  return { method: level === 0 ? method | PLAIN : method, bytes: head ? Buffer.concat([head, packed]) : Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength) };
}

/** The elements' bytes, in a buffer of their own. */
function unpack({ version, method, bytes }: Packed, width: number, count: number): ArrayBuffer {
  if (method & PLAIN) return new Uint8Array(bytes).buffer;
  return version === APART ? unpackApart(bytes, width, count) : unpackTogether(bytes, width);
}

type Wide = Int32Array | Float32Array | Float64Array | BigInt64Array;
const raw = (array: Wide): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

function encodeInts(ints: Ints, level: number): Part {
  if (ints instanceof BigInt64Array) return pack(WIDE, ints, level);
  const first = ints[0] ?? 0;
  const step = ints.length > 1 ? ints[1]! - first : 0;
  const differences = new Int32Array(Math.max(0, ints.length - 1));
  let isEven = true;
  let isSmall = true;
  for (let at = 1; at < ints.length; at += 1) {
    const difference = ints[at]! - ints[at - 1]!;
    if (difference !== step) isEven = false;
    if (difference !== (difference | 0)) isSmall = false;
    if (!isEven && !isSmall) return encodeInts(BigInt64Array.from(ints, BigInt), level);
    differences[at - 1] = difference;
  }
  const head = raw(Float64Array.of(first));
  if (isEven) return { method: EVEN, bytes: Buffer.concat([head, raw(Float64Array.of(step))]) };
  const small = pack(SMALL, differences.map(zigzag), level, head);
  const line = level > QUICK ? offLine(ints, level) : null;
  return line && line.bytes.length < small.bytes.length ? line : small;
}

/** Either sign, the small ones near zero. */
const zigzag = (value: number): number => (value << 1) ^ (value >> 31);
const unzigzag = (value: number): number => (value >>> 1) ^ -(value & 1);

/** What is logged by a clock strays from even steps without adding up: half of what two neighbours differ by. Null where it strays far. */
function offLine(ints: Float64Array, level: number): Part | null {
  const [first, slope] = [ints[0]!, (ints.at(-1)! - ints[0]!) / (ints.length - 1)];
  const strays = new Int32Array(ints.length);
  for (let at = 0; at < ints.length; at += 1) {
    const stray = ints[at]! - onLine(first, slope, at);
    if (stray !== (stray | 0)) return null;
    strays[at] = zigzag(stray);
  }
  return pack(LINE, strays, level, raw(Float64Array.of(first, slope)));
}
const onLine = (first: number, slope: number, at: number): number => first + Math.round(slope * at);

function decodeInts(part: Packed, count: number): Ints {
  const { bytes } = part;
  const method = part.method & ~PLAIN;
  if (method === WIDE) return new BigInt64Array(unpack(part, 8, count));
  const ints = new Float64Array(count);
  const first = bytes.readDoubleLE(0);
  if (method === LINE) {
    const slope = bytes.readDoubleLE(8);
    const strays = new Int32Array(unpack({ ...part, bytes: bytes.subarray(16) }, 4, count));
    for (let at = 0; at < count; at += 1) ints[at] = onLine(first, slope, at) + unzigzag(strays[at]!);
    return ints;
  }
  let last = first;
  if (count > 0) ints[0] = last;
  if (method === EVEN) {
    const step = bytes.readDoubleLE(8);
    for (let at = 1; at < count; at += 1) ints[at] = last += step;
    return ints;
  }
  const differences = new Int32Array(unpack({ ...part, bytes: bytes.subarray(8) }, 4, count - 1));
  for (let at = 1; at < count; at += 1) ints[at] = last += unzigzag(differences[at - 1]!);
  return ints;
}

/** Most series were float32 where they were made: those keep half the bytes, and every bit. */
function encodeValues(values: Float64Array, level: number): Part {
  const [first] = values;
  let isSame = true;
  let isSingle = true;
  for (const value of values) {
    if (isSame && !Object.is(value, first)) isSame = false;
    if (isSingle && !Object.is(Math.fround(value), value)) isSingle = false;
    if (!isSame && !isSingle) break;
  }
  if (isSame && values.length > 0) return { method: SAME, bytes: Buffer.from(raw(Float64Array.of(first!))) };
  return isSingle ? pack(SINGLE, new Float32Array(values), level) : pack(DOUBLE, values, level);
}

function decodeValues(part: Packed, count: number): Float64Array {
  if (part.method === SAME) return new Float64Array(count).fill(part.bytes.readDoubleLE(0));
  if ((part.method & ~PLAIN) === SINGLE) return new Float64Array(new Float32Array(unpack(part, 4, count)));
  return new Float64Array(unpack(part, 8, count));
}

/** Whole numbers as a column: of numbers where all are exact, and so are the differences of neighbours. */
export function toInts(values: ArrayLike<number | bigint>): Ints {
  if (values instanceof Float64Array || values instanceof BigInt64Array) return values;
  const plain = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at]!;
    if (typeof value === "bigint" || Math.abs(value) > 2 ** 51) return BigInt64Array.from(Array.from(values, BigInt));
    plain[at] = value;
  }
  return plain;
}

export const intAt = (ints: Ints, at: number): number | bigint => {
  const value = ints[at]!;
  return typeof value === "bigint" && value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
};
