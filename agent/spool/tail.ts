import { open } from "node:fs/promises";

export interface Cut {
  /** Bytes to send now. */
  take: number;
  /** True where more is there than was taken. */
  more: boolean;
}

const NEWLINE = 0x0a;

/**
 * How many of these bytes make the next chunk: up to the last line end, so that readers see whole lines. A full buffer
 * without one is taken whole, a partial line only when it is `overdue` (it has waited, or its writer has ended).
 */
export function cutChunk(bytes: Uint8Array, most: number, overdue: boolean): Cut {
  const window = bytes.subarray(0, most);
  const end = window.lastIndexOf(NEWLINE) + 1;
  const full = bytes.length >= most;
  const take = end > 0 ? end : full || overdue ? wholeCharacters(window, bytes.length > window.length) : 0;
  const rest = bytes.length - take;
  if (end > 0 && overdue && !full) return { take: bytes.length, more: false };
  return { take, more: rest > 0 && (full || end > 0) };
}

/** Does not part a UTF-8 character where the rest of it is there. */
function wholeCharacters(window: Uint8Array, hasMore: boolean): number {
  if (!hasMore) return window.length;
  let at = window.length;
  while (at > window.length - 4 && at > 0 && ((window[at] ?? 0x80) & 0xc0) === 0x80) at -= 1;
  return at > 0 && at > window.length - 4 ? at : window.length;
}

/** Bytes [from, from + most) of a file, fewer at its end; empty where the file is not there. */
export async function readRange(file: string, from: number, most: number): Promise<Buffer> {
  const handle = await open(file, "r").catch(() => null);
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
