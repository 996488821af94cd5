import { performance } from "node:perf_hooks";

/**
 * The server's clock, reckoned from the `serverTime` of every answer and carried on by this host's monotonic clock, so
 * that a wrong or stepping wall clock here changes nothing. Before the first answer it is the host's own clock.
 */
export class ServerClock {
  private base: { server: number; monotonic: number } | null = null;

  /** @param serverTime Unix ms in an answer that has just arrived. */
  learn(serverTime: number): void {
    this.base = { server: serverTime, monotonic: performance.now() };
  }

  /** Unix ms of the server, whole. */
  now(): number {
    if (!this.base) return Date.now();
    return Math.round(this.base.server + performance.now() - this.base.monotonic);
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
