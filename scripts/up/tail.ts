import { closeSync, copyFileSync, openSync, readSync, rmSync, statSync, truncateSync } from "node:fs";

const POLL_MS = 300;
const ROTATE_BYTES = 20 * 1024 * 1024;
const CUT_AGAIN_MS = 5_000;
const LOUD = /\b(warn|error|fatal|panic)\b/i;
const BURST = 12;
const BURST_MS = 10_000;

/** Follows a log file, shows the lines that matter, and keeps the file from growing without end. */
export class Tail {
  readonly #file: string;
  readonly #show: (line: string) => void;
  readonly #timer: NodeJS.Timeout;
  #offset: number;
  #rest = "";
  #shown: number[] = [];
  #hidden = 0;
  #nextCut = 0;

  constructor(file: string, show: (line: string) => void) {
    this.#file = file;
    this.#show = show;
    this.#offset = sizeOf(file);
    this.#timer = setInterval(() => this.#read(), POLL_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#read();
  }

  #read(): void {
    const size = sizeOf(this.#file);
    if (size < this.#offset) this.#offset = 0;
    if (size > this.#offset) this.#take(size);
    if (size > ROTATE_BYTES) this.#rotate();
  }

  #take(size: number): void {
    const length = Math.min(size - this.#offset, 1024 * 1024);
    const bytes = Buffer.alloc(length);
    const handle = openSync(this.#file, "r");
    const got = readSync(handle, bytes, 0, length, this.#offset);
    closeSync(handle);
    this.#offset += got;
    const lines = (this.#rest + bytes.toString("utf8", 0, got)).split("\n");
    this.#rest = lines.pop()!.slice(-10_000);
    for (const line of lines) if (LOUD.test(line.slice(0, 200))) this.#offer(line);
  }

  #offer(line: string): void {
    const now = performance.now();
    this.#shown = this.#shown.filter((at) => now - at < BURST_MS);
    if (this.#shown.length >= BURST) {
      this.#hidden += 1;
      return;
    }
    this.#shown.push(now);
    if (this.#hidden > 0) this.#show(`… ${this.#hidden} more in ${this.#file}`);
    this.#hidden = 0;
    this.#show(line.length > 240 ? `${line.slice(0, 239)}…` : line);
  }

  /** The writer appends, so cutting the file under it is safe. On a full disk nothing may be cut: it is tried again later, and ends nobody. */
  #rotate(): void {
    const now = performance.now();
    if (now < this.#nextCut) return;
    try {
      rmSync(`${this.#file}.1`, { force: true }); // first: where it lay is room for the next
      copyFileSync(this.#file, `${this.#file}.1`);
      truncateSync(this.#file, 0);
      this.#offset = 0;
    } catch {
      this.#nextCut = now + CUT_AGAIN_MS;
    }
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}
