import { openPlain } from "../disk.ts";

const NEWLINE = 0x0a;

/**
 * How many of these bytes make the next chunk: up to the last line end, so that readers see whole lines. A full buffer
 * without one is taken up to its last whole character, a partial line only when it is `overdue` (it has waited, or its
 * writer has ended).
 * @param most Bytes of a full buffer.
 */
export function cutChunk(bytes: Uint8Array, most: number, overdue: boolean): number {
  const full = bytes.length >= most;
  if (overdue && !full) return bytes.length;
  const window = bytes.subarray(0, most);
  const end = window.lastIndexOf(NEWLINE) + 1;
  if (end > 0) return end;
  return full ? wholeCharacters(window) : 0;
}

/** Length without the first bytes of a UTF-8 character that goes on behind the end. */
function wholeCharacters(window: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, window.length - 1); back++) {
    const byte = window[window.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needs > back ? window.length - back : window.length;
  }
  return window.length;
}

/** Bytes [from, from + most) of a file, fewer at its end; empty where the file is not there. */
export async function readRange(file: string, from: number, most: number): Promise<Buffer> {
  const handle = await openPlain(file);
  if (!handle) return Buffer.alloc(0);
  try {
    const { size } = await handle.stat();
    const length = Math.max(0, Math.min(most, size - from));
    if (length === 0) return Buffer.alloc(0);
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
