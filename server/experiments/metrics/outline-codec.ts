import { CELL, type Outline } from "../../../domain/experiments/outline.ts";

/**
 * Outlines as bytes: little, and read by the thousand, so nothing is packed with zstd.
 *
 * Layout, little-endian: version, method of the ends, method of the values, how often a cell is twice CELL (1 byte each), points (uint32); then first
 * steps, last steps, first times, last times, each as its first (float64) and what its method says; then mins, maxs and lasts.
 */
const VERSION = 1;
/** Two bits for each of the four ends: grows by a float64 up to the last, a float64 too, since the last cell is shorter; int32 from the first; float64 each. */
const [EVEN, SMALL, WIDE] = [0, 1, 2] as const;
/** Of the values: float64 each; float32, as most were made. */
const [DOUBLE, SINGLE] = [0, 1] as const;
const HEAD = 8;
const ENDS = 4;
const COLUMNS = ENDS + 3;

const stepOf = (column: Float64Array) => (column[1] ?? column[0]!) - column[0]!;
const even = (column: Float64Array) => column.every((value, at) => at === column.length - 1 || value === column[0]! + at * stepOf(column));
const small = (column: Float64Array) => column.every((value) => ((value - column[0]!) | 0) === value - column[0]!);
const methodOf = (column: Float64Array) => (even(column) ? EVEN : small(column) ? SMALL : WIDE);

const bytesOf = (array: Float64Array | Float32Array | Int32Array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

function encodeEnds(column: Float64Array, method: number): Buffer[] {
  const first = column[0]!;
  const rest = method === EVEN ? Float64Array.of(stepOf(column), column.at(-1)!) : method === SMALL ? new Int32Array(column.map((value) => value - first)) : column;
  return [bytesOf(Float64Array.of(first)), bytesOf(rest)];
}

export function encodeOutline({ points, cell, firstSteps, lastSteps, firstTimes, lastTimes, mins, maxs, lasts }: Outline): Buffer {
  const ends = [firstSteps, lastSteps, firstTimes, lastTimes];
  const methods = ends.map(methodOf);
  const values = new Float64Array([...mins, ...maxs, ...lasts]);
  const isSingle = values.every((value) => Object.is(Math.fround(value), value));
  const head = Buffer.alloc(HEAD);
  head.writeUInt8(VERSION, 0);
  head.writeUInt8(methods.reduce<number>((all, method, at) => all | (method << (2 * at)), 0), 1);
  head.writeUInt8(isSingle ? SINGLE : DOUBLE, 2);
  head.writeUInt8(Math.log2(cell / CELL), 3);
  head.writeUInt32LE(points, 4);
  return Buffer.concat([head, ...ends.flatMap((column, at) => encodeEnds(column, methods[at]!)), bytesOf(isSingle ? new Float32Array(values) : values)]);
}

/** @throws Error for bytes that `encodeOutline` did not make. */
export function decodeOutline(body: Buffer): Outline {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (view.getUint8(0) !== VERSION) throw new Error(`Unknown version ${view.getUint8(0)} of an outline.`);
  const points = view.getUint32(4, true);
  const cell = CELL << view.getUint8(3);
  const cells = Math.ceil(points / cell);
  const all = new Float64Array(cells * COLUMNS); // one piece of memory: seven would take as long as all the rest
  const column = (number: number) => all.subarray(number * cells, (number + 1) * cells);
  let at = HEAD;
  for (let end = 0; end < ENDS; end += 1) at = decodeEnds(view, at, (view.getUint8(1) >> (2 * end)) & 3, column(end));
  const isSingle = view.getUint8(2) === SINGLE;
  for (let value = ENDS * cells; value < all.length; value += 1, at += isSingle ? 4 : 8) all[value] = isSingle ? view.getFloat32(at, true) : view.getFloat64(at, true);
  return { points, cell, firstSteps: column(0), lastSteps: column(1), firstTimes: column(2), lastTimes: column(3), mins: column(4), maxs: column(5), lasts: column(6) };
}

/** @returns where the next column begins. */
function decodeEnds(view: DataView, from: number, method: number, column: Float64Array): number {
  const first = view.getFloat64(from, true);
  const at = from + 8;
  if (method === EVEN) {
    const step = view.getFloat64(at, true);
    for (let cell = 0; cell < column.length; cell += 1) column[cell] = first + cell * step;
    column[column.length - 1] = view.getFloat64(at + 8, true);
    return at + 16;
  }
  const width = method === SMALL ? 4 : 8;
  for (let cell = 0; cell < column.length; cell += 1) column[cell] = method === SMALL ? first + view.getInt32(at + cell * width, true) : view.getFloat64(at + cell * width, true);
  return at + column.length * width;
}
