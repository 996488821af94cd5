/** A moment in the life of one server process, in whole milliseconds of its own monotonic clock. Two processes share no marks. */
export interface Mark {
  epoch: string;
  at: number;
}

export const formatMark = ({ epoch, at }: Mark): string => `${epoch}.${at}`;

/** Null for what is no mark. */
export function parseMark(text: string | null | undefined): Mark | null {
  const match = /^([0-9a-z-]{1,64})\.(\d{1,15})$/.exec(text ?? "");
  return match ? { epoch: match[1]!, at: Number(match[2]) } : null;
}

/**
 * The latest moment of each change that was heard, so that it can be told what happened since a mark. Both ends of the event
 * stream keep one: the server for tabs that connect, a tab for pages that it is handed. Bounded: the oldest is forgotten first.
 */
export class ChangeMemory<Change> {
  readonly #keyOf: (change: Change) => string;
  readonly #most: number;
  readonly #heard = new Map<string, { at: number; change: Change }>(); // the newest last
  #epoch: string | null = null;
  #from = 0;

  constructor(keyOf: (change: Change) => string, most: number) {
    this.#keyOf = keyOf;
    this.#most = most;
  }

  /** Nothing from before this mark is known. */
  begin({ epoch, at }: Mark): void {
    this.#heard.clear();
    this.#epoch = epoch;
    this.#from = at;
  }

  get epoch(): string | null {
    return this.#epoch;
  }

  note(at: number, changes: readonly Change[]): void {
    for (const change of changes) {
      const key = this.#keyOf(change);
      this.#heard.delete(key);
      this.#heard.set(key, { at, change });
    }
    for (const [key, oldest] of this.#heard) {
      if (this.#heard.size <= this.#most) break;
      this.#heard.delete(key);
      this.#from = oldest.at + 1; // a mark of that very moment would miss it
    }
  }

  /** Everything that was heard at this mark or later, each once; null where that cannot be known. */
  since(mark: Mark | null): Change[] | null {
    if (!mark || mark.epoch !== this.#epoch || mark.at < this.#from) return null;
    return [...this.#heard.values()].filter(({ at }) => at >= mark.at).map(({ change }) => change);
  }
}
