import { log } from "../log.ts";

/**
 * Does each of them, in their order: one that fails, in this pass and perhaps in every one, keeps none of the others from being done.
 * @param chores By the names under which the log knows them.
 * @throws Error the first failure, once all had their turn, so that the job counts as failed.
 */
export async function doChores(chores: Record<string, () => Promise<unknown>>): Promise<void> {
  const failures: unknown[] = [];
  for (const [chore, act] of Object.entries(chores)) {
    try {
      await act();
    } catch (err) {
      log().error({ err, chore }, "a chore failed; the others go on");
      failures.push(err);
    }
  }
  if (failures.length > 0) throw failures[0];
}
