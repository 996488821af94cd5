import { DomainError } from "../../domain/shared/errors.ts";

const WINDOW_MS = 5 * 60_000;
const MOST_REMEMBERED = 20_000;

interface Tries {
  failures: number;
  /** When the count starts again, in ms since the epoch. */
  until: number;
}

/** A guess under way. Until one of these is called it counts as a failure. */
export interface Try {
  /** It was right: what went before at this account from this address is forgiven. */
  succeeded: () => void;
  /** It was neither right nor wrong, as when the request was malformed or the database away. */
  undecided: () => void;
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
  const current = (key: string): Tries | undefined => {
    const found = tries.get(key);
    return found && found.until > now() ? found : undefined;
  };
  return {
    /**
     * Counts before the password is looked at: that takes a while, and guesses made at once would all pass before the first fails.
     * @throws DomainError limit_reached after too many failures.
     */
    attempt(account: string, address: string): Try {
      const limits = limitsOf(account, address);
      if (limits.some(([key, most]) => (current(key)?.failures ?? 0) >= most)) throw new DomainError("limit_reached", "Too many wrong passwords. Wait five minutes and try again.");
      if (tries.size > MOST_REMEMBERED) for (const [key, { until }] of tries) if (until <= now()) tries.delete(key);
      const counted = limits.map(([key]) => {
        const found = current(key) ?? { failures: 0, until: now() + WINDOW_MS };
        found.failures += 1;
        tries.set(key, found);
        return found;
      });
      const undecided = () => {
        for (const one of counted) one.failures -= 1;
      };
      const succeeded = () => {
        undecided();
        tries.delete(limits[0]![0]);
      };
      return { succeeded, undecided };
    },
  };
}

/** One for all ways to try a password. */
export const passwordTries = createThrottle();
