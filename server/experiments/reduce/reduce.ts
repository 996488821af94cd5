import { type Asked, type Kind, type Part, reductionOf, type Task, type TaskOf } from "./reductions.ts";
import type { ReducerPool } from "./pool.ts";

/** Hands parts over, as many at a time as the caller reads at once. */
export type Feed = (add: (parts: Part[]) => Promise<void>) => Promise<void>;

const shared = globalThis as typeof globalThis & { droverReducers?: ReducerPool };

export function setReducers(pool: ReducerPool): void {
  shared.droverReducers = pool;
}

/** Reduces a chart in a thread, so that a long one delays nobody else's request; here where the process has none, as in tests and tools. */
export async function reduce<K extends Kind>(task: TaskOf<K>, feed: Feed): Promise<Asked[K]["answer"]> {
  if (shared.droverReducers) return shared.droverReducers.reduce(task, feed);
  const reduction = reductionOf(task as Task);
  await feed(async (parts) => parts.forEach(reduction.add));
  return reduction.finish() as Asked[K]["answer"];
}
