import { randomId } from "../../ui/random-id.ts";

/** What was sent under which idempotency key. */
export interface Sent {
  spec: string;
  key: string;
}

/**
 * The key of a submit. Repeated after a lost answer it is the same one, and makes no second run; a spec that was changed since
 * is another run: under the old key the server would answer with the one that it has.
 */
export function keyFor(spec: object, before: Sent | null): Sent {
  const text = JSON.stringify(spec);
  return before?.spec === text ? before : { spec: text, key: randomId() };
}
