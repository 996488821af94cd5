import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** One number that a program wrote for TensorBoard. */
export interface Scalar {
  tag: string;
  step: bigint;
  /** Unix ms. */
  time: number;
  value: number;
}

/** Numbers are small: a longer record is an image or a histogram, and passed over without being held. */
const MAX_HELD = 1024 * 1024;
/** A record of more says that this is no event file. */
const MAX_RECORD = 2 * 1024 * 1024 * 1024;
const HEAD = 12; // length (uint64), its checksum
const FOOT = 4;

/**
 * Reads TensorBoard's event files (TFRecord: length, checksum, protobuf `Event`, checksum) as they stream in. A file whose last
 * record is cut off, since a program was killed over it, gives what is whole. The object store has checked the bytes.
 * @throws BadEventFile at what is none of such a file; what came before it was whole.
 */
export async function* readScalars(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Scalar> {
  const plugins = new Map<string, string>();
  for await (const record of records(bytes)) yield* understood(record, plugins);
}

/** The file's fault: reading it again finds the same. */
export class BadEventFile extends Error {}

function understood(record: Uint8Array, plugins: Map<string, string>): Scalar[] {
  try {
    return scalarsOf(record, plugins);
  } catch (error) {
    throw new BadEventFile(`Not an event file: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

async function* records(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = Buffer.alloc(0);
  let passed = 0; // bytes still to pass over
  for await (const chunk of bytes) {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const gone = Math.min(passed, held.length);
      held = held.subarray(gone);
      passed -= gone;
      if (passed > 0 || held.length < HEAD) break;
      const length = held.readBigUInt64LE(0);
      if (length > MAX_RECORD) throw new BadEventFile(`Not an event file: a record of ${length} bytes.`);
      const whole = HEAD + Number(length) + FOOT;
      if (Number(length) > MAX_HELD) passed = whole;
      else if (held.length < whole) break;
      else {
        yield held.subarray(HEAD, whole - FOOT);
        held = held.subarray(whole);
      }
    }
  }
}

/** Calls `take` for each field; what it does not read is passed over. */
function fields(reader: BinaryReader, end: number, take: (field: number, wire: WireType) => boolean): void {
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (!take(field, wire)) reader.skip(wire, field);
  }
}

/** Unix ms. Any double may stand there: what is no moment counts as none, since it says nothing about the number beside it. */
function momentOf(seconds: number): number {
  const ms = Math.round(seconds * 1000);
  return Number.isSafeInteger(ms) ? ms : 0;
}

/** `Event`: 1 wall_time (double, s), 2 step (int64), 5 summary. */
function scalarsOf(record: Uint8Array, plugins: Map<string, string>): Scalar[] {
  const reader = new BinaryReader(record);
  let time = 0;
  let step = 0n;
  const values: { tag: string; value: number }[] = [];
  fields(reader, record.length, (field, wire) => {
    if (field === 1 && wire === WireType.Bit64) time = momentOf(reader.double());
    else if (field === 2 && wire === WireType.Varint) step = BigInt(reader.int64());
    else if (field === 5 && wire === WireType.LengthDelimited) values.push(...summaryOf(reader.bytes(), plugins));
    else return false;
    return true;
  });
  return values.map(({ tag, value }) => ({ tag, step, time, value }));
}

/** `Summary`: 1 value, repeated. */
function summaryOf(bytes: Uint8Array, plugins: Map<string, string>): { tag: string; value: number }[] {
  const reader = new BinaryReader(bytes);
  const found: { tag: string; value: number }[] = [];
  fields(reader, bytes.length, (field, wire) => {
    if (field !== 1 || wire !== WireType.LengthDelimited) return false;
    const one = valueOf(reader.bytes(), plugins);
    if (one) found.push(one);
    return true;
  });
  return found;
}

/** `Summary.Value`: 1 tag, 2 simple_value (float), 8 tensor, 9 metadata, which only the first value of a tag carries. */
function valueOf(bytes: Uint8Array, plugins: Map<string, string>): { tag: string; value: number } | null {
  const reader = new BinaryReader(bytes);
  let tag = "";
  let value: number | null = null;
  let tensor: Uint8Array | null = null;
  let plugin: string | null = null;
  fields(reader, bytes.length, (field, wire) => {
    if (field === 1 && wire === WireType.LengthDelimited) tag = reader.string();
    else if (field === 2 && wire === WireType.Bit32) value = reader.float();
    else if (field === 8 && wire === WireType.LengthDelimited) tensor = reader.bytes();
    else if (field === 9 && wire === WireType.LengthDelimited) plugin = pluginOf(reader.bytes());
    else return false;
    return true;
  });
  if (plugin !== null) plugins.set(tag, plugin);
  if (value === null && tensor !== null && (plugins.get(tag) ?? "scalars") === "scalars") value = numberOf(tensor);
  return value === null ? null : { tag, value };
}

/** `SummaryMetadata`: 1 plugin_data {1 plugin_name}. */
function pluginOf(bytes: Uint8Array): string {
  let name = "";
  const reader = new BinaryReader(bytes);
  fields(reader, bytes.length, (field, wire) => {
    if (field !== 1 || wire !== WireType.LengthDelimited) return false;
    const data = reader.bytes();
    const inner = new BinaryReader(data);
    fields(inner, data.length, (at, how) => {
      if (at !== 1 || how !== WireType.LengthDelimited) return false;
      name = inner.string();
      return true;
    });
    return true;
  });
  return name;
}

const [FLOAT, DOUBLE, INT32, INT64] = [1, 2, 3, 9];

/** `TensorProto` of exactly one number: 1 dtype, 4 tensor_content, 5 float_val, 6 double_val, 7 int_val, 10 int64_val; else null. */
function numberOf(bytes: Uint8Array): number | null {
  const reader = new BinaryReader(bytes);
  let dtype = 0;
  let content: Uint8Array | null = null;
  const numbers: number[] = [];
  const many = (wire: WireType, one: () => number) => {
    if (wire !== WireType.LengthDelimited) return void numbers.push(one());
    const end = reader.uint32() + reader.pos;
    while (reader.pos < end) numbers.push(one());
  };
  fields(reader, bytes.length, (field, wire) => {
    if (field === 1) dtype = reader.int32();
    else if (field === 4) content = reader.bytes();
    else if (field === 5) many(wire, () => reader.float());
    else if (field === 6) many(wire, () => reader.double());
    else if (field === 7) many(wire, () => reader.int32());
    else if (field === 10) many(wire, () => Number(reader.int64()));
    else return false;
    return true;
  });
  if (content !== null) return contentOf(content, dtype);
  return numbers.length === 1 ? numbers[0]! : null;
}

function contentOf(content: Uint8Array, dtype: number): number | null {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  if (dtype === FLOAT && content.length === 4) return view.getFloat32(0, true);
  if (dtype === DOUBLE && content.length === 8) return view.getFloat64(0, true);
  if (dtype === INT32 && content.length === 4) return view.getInt32(0, true);
  if (dtype === INT64 && content.length === 8) return Number(view.getBigInt64(0, true));
  return null;
}
