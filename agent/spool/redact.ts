const STAR = 0x2a;
/** Shorter pieces of a secret of several lines are left: they would blacken half of a log. */
const SHORTEST_LINE = 8;

/**
 * Blackens secrets in what a job printed, byte for byte, so that every offset stays what it was. Of a secret of several
 * lines each line counts too: programs like to print them indented.
 */
export class Redactor {
  private readonly needles: Buffer[];
  /** Bytes of the longest. */
  readonly longest: number;

  constructor(secrets: Iterable<string>) {
    const texts = new Set<string>();
    for (const secret of secrets) for (const text of [secret, ...secret.split(/\r?\n/).filter((line) => line.length >= SHORTEST_LINE)]) if (text !== "") texts.add(text);
    this.needles = [...texts].map((text) => Buffer.from(text, "utf8"));
    this.longest = Math.max(0, ...this.needles.map(({ length }) => length));
  }

  get isEmpty(): boolean {
    return this.needles.length === 0;
  }

  private spans(bytes: Buffer): [number, number][] {
    const found: [number, number][] = [];
    for (const needle of this.needles) for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) found.push([at, at + needle.length]);
    return found;
  }

  /** A copy with every whole secret blackened. */
  mask(bytes: Buffer): Buffer {
    const spans = this.spans(bytes);
    if (spans.length === 0) return bytes;
    const masked = Buffer.from(bytes);
    for (const [from, to] of spans) masked.fill(STAR, from, to);
    return masked;
  }

  /**
   * How many of the first `take` bytes may go now: none of a secret that goes on behind them, or may yet.
   * @param isAll Nothing comes after `bytes`, so that the beginning of a secret at their end is only text.
   */
  safeCut(bytes: Buffer, take: number, isAll: boolean): number {
    const spans = this.spans(bytes);
    if (!isAll) for (const needle of this.needles) spans.push(...this.begun(bytes, needle));
    let cut = take;
    for (let before = -1; before !== cut; ) {
      before = cut;
      for (const [from, to] of spans) if (from < cut && cut < to) cut = from;
    }
    return cut;
  }

  /**
   * How many of the first `wanted` bytes to take, where at most `most` are taken at once and `bytes` reaches `longest` further.
   * A full piece that is one endless chain of secrets goes out all the same: it is black from end to end.
   */
  takeOf(bytes: Buffer, wanted: number, most: number, isOver: boolean): number {
    if (this.isEmpty) return wanted;
    return this.safeCut(bytes, wanted, isOver && bytes.length < most + this.longest) || (bytes.length >= most ? wanted : 0);
  }

  /** Where this secret may have begun at the end of the bytes. */
  private begun(bytes: Buffer, needle: Buffer): [number, number][] {
    const found: [number, number][] = [];
    for (let at = Math.max(0, bytes.length - needle.length + 1); at < bytes.length; at += 1) {
      if (bytes.subarray(at).equals(needle.subarray(0, bytes.length - at))) found.push([at, at + needle.length]);
    }
    return found;
  }

  /** Blackens at the beginning what may be the end of a secret: for bytes whose predecessors are gone. */
  maskLead(bytes: Buffer): Buffer {
    let most = 0;
    for (const needle of this.needles) for (let length = Math.min(needle.length - 1, bytes.length); length > most; length -= 1) if (bytes.subarray(0, length).equals(needle.subarray(needle.length - length))) most = length;
    return most === 0 ? bytes : Buffer.concat([Buffer.alloc(most, STAR), bytes.subarray(most)]);
  }
}
