/** Waits that grow with each failure, full jitter: a thousand agents that lost one server do not come back as one. */
export class Backoff {
  private failures = 0;
  private readonly firstMs: number;
  private readonly mostMs: number;
  private readonly dice: () => number;

  constructor(firstMs = 250, mostMs = 30_000, dice: () => number = Math.random) {
    this.firstMs = firstMs;
    this.mostMs = mostMs;
    this.dice = dice;
  }

  reset(): void {
    this.failures = 0;
  }

  /** Milliseconds to wait before the next try; at least 20 so that no loop spins. */
  next(): number {
    const ceiling = Math.min(this.mostMs, this.firstMs * 2 ** Math.min(this.failures, 20));
    this.failures += 1;
    return Math.max(20, Math.round(this.dice() * ceiling));
  }
}

/** Resolves after `ms` or as soon as the signal fires; never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** A bell that loops wait on: `ring` wakes every waiter; a ring while nobody waits is kept for the next one. */
export class Bell {
  private rung = false;
  private readonly waiters = new Set<() => void>();

  ring(): void {
    this.rung = true;
    for (const wake of this.waiters) wake();
  }

  /** Resolves at once if it rang since the last wait, else on the next ring, after `ms`, or when the signal fires. */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.rung = false;
        this.waiters.delete(done);
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      if (this.rung || signal?.aborted) return done();
      this.waiters.add(done);
      signal?.addEventListener("abort", done, { once: true });
    });
  }
}

/** The waits of loops that talk to the same server: the first that gets through again ends those of the others. */
export class Outage {
  private readonly waits = new Set<Bell>();

  async pause(ms: number, signal: AbortSignal): Promise<void> {
    const bell = new Bell();
    this.waits.add(bell);
    await bell.wait(ms, signal);
    this.waits.delete(bell);
  }

  over(): void {
    for (const bell of this.waits) bell.ring();
  }
}
