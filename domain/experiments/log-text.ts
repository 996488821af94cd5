/** Bytes of a log as text: pure, so that pages, search and the CLI read a log alike wherever chunks were cut. */

const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // invalid bytes become U+FFFD
const NEWLINE = 10;

/**
 * How many bytes at the end may be the start of a character that the next chunk completes: 0 to 3. Holding them back
 * never changes the text as a whole, only which chunk shows it.
 */
export function openTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0; // a lead byte
  }
  return 0;
}

export const decodeBytes = (bytes: Uint8Array): string => decoder.decode(bytes);

export function joinBytes(parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Decodes the chunks of one stream in order; a character cut in two belongs to the chunk that completes it. */
export class StreamDecoder {
  private held: Uint8Array = new Uint8Array(0);

  /** @param before The last bytes before the first chunk, three are enough. */
  constructor(before: Uint8Array = new Uint8Array(0)) {
    const open = openTail(before);
    this.held = before.slice(before.length - open);
  }

  push(bytes: Uint8Array): string {
    const all = this.held.length > 0 ? joinBytes([this.held, bytes]) : bytes;
    const open = openTail(all);
    this.held = all.slice(all.length - open);
    return decodeBytes(all.subarray(0, all.length - open));
  }

  /** What was begun and never completed, as U+FFFD. */
  end(): string {
    const rest = decodeBytes(this.held);
    this.held = new Uint8Array(0);
    return rest;
  }
}

/** UTF-16 units of one line that a page shows; the rest of it is in the download. */
export const MAX_LINE_SHOWN = 16_384;
export const LINE_CUT_NOTE = ` … [this line is longer than ${MAX_LINE_SHOWN.toLocaleString("en")} characters; download the log to see all of it]`;

/** Cuts overlong lines of one stream, also when a line goes on over many chunks. */
export class LineCapper {
  private shown = 0;
  private cut = false;

  push(text: string): string {
    if (this.shown + text.length <= MAX_LINE_SHOWN && !this.cut && !text.includes("\n")) {
      this.shown += text.length;
      return text;
    }
    let out = "";
    for (let at = 0; at < text.length; ) {
      const found = text.indexOf("\n", at);
      const end = found < 0 ? text.length : found;
      out += this.piece(text.slice(at, end));
      at = end;
      if (found >= 0) {
        out += "\n";
        this.shown = 0;
        this.cut = false;
        at = end + 1;
      }
    }
    return out;
  }

  private piece(text: string): string {
    if (this.cut) return "";
    const room = MAX_LINE_SHOWN - this.shown;
    this.shown += text.length;
    if (text.length <= room) return text;
    this.cut = true;
    const end = room > 0 && isHighSurrogate(text.charCodeAt(room - 1)) ? room - 1 : room;
    return text.slice(0, end) + LINE_CUT_NOTE;
  }
}

const isHighSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;

export function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}
