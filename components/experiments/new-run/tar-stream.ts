const BLOCK = 512;
const encoder = new TextEncoder();

export interface TarEntry {
  /** Inside the archive, with forward slashes. */
  path: string;
  bytes: number;
  executable: boolean;
}

/** One octal field of a header. */
function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, "0")}\0`;
}

/** A ustar header. Owner and time are left at zero, so the same files always make the same archive. */
function header(name: Uint8Array, size: number, mode: number, type: "0" | "x"): Uint8Array {
  const block = new Uint8Array(BLOCK);
  block.set(name.subarray(0, 100), 0);
  const put = (text: string, at: number) => block.set(encoder.encode(text), at);
  put(octal(mode, 8), 100);
  put(octal(0, 8), 108);
  put(octal(0, 8), 116);
  put(octal(size, 12), 124);
  put(octal(0, 12), 136);
  put("        ", 148); // the checksum counts itself as blanks
  put(type, 156);
  put("ustar\u000000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** `27 path=…\n`, its length counting itself: how names beyond 100 bytes and letters beyond ASCII are written. */
function paxRecord(key: string, value: string): Uint8Array {
  const rest = encoder.encode(` ${key}=${value}\n`).length;
  let length = rest + String(rest).length;
  if (String(length).length !== String(rest).length) length = rest + String(length).length;
  return encoder.encode(`${length} ${key}=${value}\n`);
}

const padding = (size: number) => new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);

/** What comes before a file's own bytes. */
export function entryHead({ path, bytes, executable }: TarEntry): Uint8Array[] {
  const name = encoder.encode(path);
  const mode = executable ? 0o755 : 0o644;
  if (name.length <= 100 && /^[\x20-\x7e]*$/.test(path)) return [header(name, bytes, mode, "0")];
  const record = paxRecord("path", path);
  return [header(encoder.encode("PaxHeader"), record.length, 0o644, "x"), record, padding(record.length), header(name, bytes, mode, "0")];
}

/** What comes after a file's own bytes. */
export const entryTail = (bytes: number): Uint8Array => padding(bytes);

/** Two empty blocks end an archive. */
export const ARCHIVE_END = new Uint8Array(2 * BLOCK);
