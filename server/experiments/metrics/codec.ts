import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/**
 * Points of one series as bytes, and back without losing a bit: steps and times as differences, values as their bytes in planes,
 * both packed with zstd. A column that does not change, or grows evenly, takes 17 bytes however long it is.
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

const VERSION = 1;
const [EVEN, SMALL, WIDE] = [0, 1, 2] as const; // whole numbers
const [SAME, SINGLE, DOUBLE] = [0, 1, 2] as const; // values
/** Added to a method whose bytes are as they were, without planes and zstd. */
const PLAIN = 16;

/** @param level of zstd; 0 for none of it, while a client waits: compaction packs what is kept. */
export function encode({ steps, times, values }: Columns, level: number): Buffer {
  const parts = [encodeInts(steps, level), encodeInts(times, level), encodeValues(values, level)];
  const head = Buffer.alloc(5);
  head.writeUInt8(VERSION, 0);
  head.writeUInt32LE(values.length, 1);
  return Buffer.concat([head, ...parts.flatMap(({ method, bytes }) => [Buffer.from([bytes.length & 255, (bytes.length >>> 8) & 255, (bytes.length >>> 16) & 255, bytes.length >>> 24, method]), bytes])]);
}

/** @throws Error for bytes that this did not make. */
export function decode(body: Buffer): Columns {
  if (body.readUInt8(0) !== VERSION) throw new Error(`Unknown version ${body.readUInt8(0)} of a metric batch.`);
  const count = body.readUInt32LE(1);
  let at = 5;
  const next = () => {
    const length = body.readUInt32LE(at);
    const part = { method: body.readUInt8(at + 4), bytes: body.subarray(at + 5, at + 5 + length) };
    at += 5 + length;
    return part;
  };
  return { steps: decodeInts(next(), count), times: decodeInts(next(), count), values: decodeValues(next(), count) };
}

interface Part {
  method: number;
  bytes: Buffer;
}

function pack(method: number, array: Wide, level: number, head?: Uint8Array): Part {
  const bytes = raw(array);
  const packed = level === 0 ? bytes : zstdCompressSync(toPlanes(bytes, array.BYTES_PER_ELEMENT), { params: { [constants.ZSTD_c_compressionLevel]: level } });
  return { method: level === 0 ? method | PLAIN : method, bytes: head ? Buffer.concat([head, packed]) : Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength) };
}

/** The elements' bytes, in a buffer of their own. */
function unpack(method: number, bytes: Buffer, width: number): ArrayBuffer {
  if (method & PLAIN) return new Uint8Array(bytes).buffer;
  return fromPlanes(zstdDecompressSync(bytes), width);
}

/** Byte 0 of every element, then byte 1 of every element, and so on: alike bytes lie together. */
function toPlanes(bytes: Uint8Array, width: number): Uint8Array {
  const count = bytes.length / width;
  const planes = new Uint8Array(bytes.length);
  for (let plane = 0, to = 0; plane < width; plane += 1) for (let at = plane; at < bytes.length; at += width) planes[to++] = bytes[at]!;
  return count === 0 ? bytes : planes;
}

function fromPlanes(planes: Uint8Array, width: number): ArrayBuffer {
  const count = planes.length / width;
  const bytes = new Uint8Array(planes.length);
  for (let plane = 0, from = 0; plane < width; plane += 1) for (let at = plane, end = count * width; at < end; at += width) bytes[at] = planes[from++]!;
  return bytes.buffer;
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
  // Differences of either sign, the small ones near zero.
  for (let at = 0; at < differences.length; at += 1) differences[at] = (differences[at]! << 1) ^ (differences[at]! >> 31);
  return pack(SMALL, differences, level, head);
}

function decodeInts({ method, bytes }: Part, count: number): Ints {
  if ((method & ~PLAIN) === WIDE) return new BigInt64Array(unpack(method, bytes, 8));
  const ints = new Float64Array(count);
  let last = bytes.readDoubleLE(0);
  if (count > 0) ints[0] = last;
  if (method === EVEN) {
    const step = bytes.readDoubleLE(8);
    for (let at = 1; at < count; at += 1) ints[at] = last += step;
    return ints;
  }
  const differences = new Int32Array(unpack(method, bytes.subarray(8), 4));
  for (let at = 1; at < count; at += 1) {
    const zigzag = differences[at - 1]!;
    ints[at] = last += (zigzag >>> 1) ^ -(zigzag & 1);
  }
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

function decodeValues({ method, bytes }: Part, count: number): Float64Array {
  if (method === SAME) return new Float64Array(count).fill(bytes.readDoubleLE(0));
  if ((method & ~PLAIN) === SINGLE) return new Float64Array(new Float32Array(unpack(method, bytes, 4)));
  return new Float64Array(unpack(method, bytes, 8));
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
