import type { Called } from "./names.ts";
import type { JobQueue } from "./queue.ts";

/** By number and name, so that a number that Slurm gave again is nobody's end. @param how Signal and states, as scancel has them. @throws NotNow, SlurmRefused */
export async function cancel(queue: JobQueue, called: Called, ids: readonly string[], ...how: string[]): Promise<void> {
  const alone = await apart(queue, called, ids);
  if (alone.length > 0) await queue.client.run("scancel", ["--quiet", `--name=${called.name}`, ...how, ...alone]);
}

/**
 * Those that can be cancelled without the rest of their array. Tasks that wait share one record, and scancel, told by name or
 * state to end one of them, ends all. A task that is changed in any other way gets a record of its own, so that is done first.
 */
async function apart(queue: JobQueue, called: Called, ids: readonly string[]): Promise<readonly string[]> {
  if (called.index === null) return ids;
  const can = await Promise.all(ids.map(async (id) => {
    if (queue.find(id, called)?.isApart) return true;
    return queue.client.run("scontrol", ["update", `jobid=${id}`, `comment=drover: ${called.name}`]).then(() => true, () => false);
  }));
  return ids.filter((_, at) => can[at]);
}
