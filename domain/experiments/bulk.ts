/** Runs that one request may change. */
export const MAX_BULK = 200;

/** Requests that a page has under way when each run needs its own. */
const AT_ONCE = 6;

/** Does it to each, a few at a time and all of them even where some fail. @returns The errors of those that did. */
export async function fewAtOnce<T>(all: readonly T[], act: (one: T) => Promise<unknown>, onDone: (done: number) => void): Promise<unknown[]> {
  const waiting = all.values();
  const errors: unknown[] = [];
  let done = 0;
  const work = async () => {
    for (const one of waiting) {
      await act(one).catch((error: unknown) => errors.push(error));
      onDone((done += 1));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return errors;
}
