import { log } from "./log.ts";

/**
 * One after another. What fails for one is logged, and keeps none of the others waiting; the next pass finds it again.
 * @param which How the log names one.
 */
export async function oneByOne<One>(task: string, all: Iterable<One>, which: (one: One) => Record<string, string>, act: (one: One) => Promise<void>): Promise<void> {
  for (const one of all) {
    try {
      await act(one);
    } catch (err) {
      log().error({ err, task, ...which(one) }, "it failed for one of them; the others go on, and the next pass tries again");
    }
  }
}
