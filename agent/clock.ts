import { performance } from "node:perf_hooks";

/** An answer says what the server's clock was when it was sent. Within this, the answer that was the least late is the truth. */
const WINDOW_MS = 120_000;
/** Further back than this is no lateness: the server's clock was set back, or another server answers. */
const SET_BACK_MS = 10_000;

/**
 * The server's clock, reckoned from the `serverTime` of every answer and carried on by this host's monotonic clock, so
 * that a wrong or stepping wall clock here changes nothing. Before the first answer it is the host's own clock. An answer
 * that lay in the socket while this process was stopped is late, and moves nothing.
 */
export class ServerClock {
  private base: { server: number; monotonic: number } | null = null;
  private readonly monotonic: () => number;

  /** @param monotonic Milliseconds since whenever. */
  constructor(monotonic: () => number = () => performance.now()) {
    this.monotonic = monotonic;
  }

  /** @param serverTime Unix ms in an answer that has just arrived. */
  learn(serverTime: number): void {
    const monotonic = this.monotonic();
    if (this.base) {
      const behind = this.base.server + monotonic - this.base.monotonic - serverTime;
      if (behind > 0 && behind <= SET_BACK_MS && monotonic - this.base.monotonic < WINDOW_MS) return;
    }
    this.base = { server: serverTime, monotonic };
  }

  /** Unix ms of the server, whole. */
  now(): number {
    if (!this.base) return Date.now();
    return Math.round(this.base.server + this.monotonic() - this.base.monotonic);
  }

  /** How far the server is ahead of this host's wall clock, ms. */
  ahead(): number {
    return this.now() - Date.now();
  }

  /** A time of this host's wall clock (a file's mtime) in the server's. */
  fromLocal(localMs: number): number {
    return Math.max(0, Math.round(localMs + this.ahead()));
  }

  get learnt(): boolean {
    return this.base !== null;
  }
}
