import { DomainError } from "../../domain/shared/errors.ts";

const WINDOW_MS = 5 * 60_000;
const MOST_REMEMBERED = 20_000;

interface Tries {
  failures: number;
  /** When the count starts again, in ms since the epoch. */
  until: number;
}

/**
 * Slows down guessing of passwords: counts failures only, by what they have in common, in the memory of this process. Strict
 * where one address tries one account; looser by address alone (an office behind one) and by account alone, so that a stranger
 * cannot easily lock somebody out.
 */
export function createThrottle(now: () => number = Date.now) {
  const tries = new Map<string, Tries>();

  function limitsOf(account: string, address: string): [string, number][] {
    return [[`both ${account} ${address}`, 10], [`address ${address}`, 60], [`account ${account}`, 60]];
  }
  const current = (key: string): number => {
    const found = tries.get(key);
    return found && found.until > now() ? found.failures : 0;
  };
  return {
    /** @throws DomainError limit_reached after too many failures. */
    check(account: string, address: string): void {
      if (limitsOf(account, address).some(([key, most]) => current(key) >= most)) throw new DomainError("limit_reached", "Too many wrong passwords. Wait five minutes and try again.");
    },
    failed(account: string, address: string): void {
      if (tries.size > MOST_REMEMBERED) for (const [key, { until }] of tries) if (until <= now()) tries.delete(key);
      for (const [key] of limitsOf(account, address)) {
        const failures = current(key);
        tries.set(key, { failures: failures + 1, until: failures === 0 ? now() + WINDOW_MS : tries.get(key)!.until });
      }
    },
    succeeded(account: string, address: string): void {
      tries.delete(`both ${account} ${address}`);
    },
  };
}

/** One for all ways to try a password. */
export const passwordTries = createThrottle();
