import { ChangeMemory, parseMark } from "../../domain/shared/change-memory.ts";
import type { LiveChange } from "./live-topics.ts";

/** Changes that a tab keeps: what is older than those is asked for anew. */
const REMEMBERED = 2_000;

export interface Followed {
  /** These changed: refresh what shows them. */
  tell: (changes: LiveChange[]) => void;
  /** What changed is not known. */
  refetchAll: () => void;
}

/**
 * What a tab knows of the changes: all that it heard through the stream since the first page's mark. A page that arrives later,
 * by a click on a link, was rendered a moment ago: what was heard since its mark is told again, now that its queries are there.
 */
export function makeFollower({ tell, refetchAll }: Followed) {
  const memory = new ChangeMemory<LiveChange>(({ topic, id }) => `${topic} ${id}`, REMEMBERED);
  let last = "";
  function hear(mark: string, changes: LiveChange[]): void {
    memory.note(parseMark(mark)?.at ?? 0, changes);
    last = mark;
    tell(changes);
  }
  return {
    /** The mark that the next stream begins from. */
    from: () => last,
    /** @param mark Up to which everything is known after these changes. */
    hear,
    /** A stream begins. @param missed The server does not know what changed since `from()`. */
    ready: (mark: string, changes: LiveChange[], missed: boolean): void => {
      const begins = parseMark(missed ? mark : last);
      if (begins && (missed || memory.epoch === null)) memory.begin(begins);
      hear(mark, changes);
      if (missed) refetchAll();
    },
    /** A page is here whose data is as of this mark. */
    arrived: (mark: string): void => {
      if (memory.epoch === null) {
        last ||= mark; // no stream yet: it begins here
        return;
      }
      const changes = memory.since(parseMark(mark));
      if (changes === null) refetchAll();
      else tell(changes);
    },
  };
}
