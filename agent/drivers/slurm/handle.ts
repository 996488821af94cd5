import path from "node:path";
import { z } from "zod";
import { readJson, writeJson } from "../../disk.ts";
import { log } from "../../log.ts";

const Handle = z.object({
  at: z.number(),
  job: z.string().nullable(),
  ranks: z.boolean(),
  limitMib: z.number(),
  /** The array that it is a task of, from before it was first submitted and for good. */
  array: z.object({ name: z.string(), index: z.int().nonnegative() }).nullable().default(null),
});
export type SlurmHandle = z.infer<typeof Handle>;
const MOST = 20_000;

/** slurm.json of each attempt: journaled before sbatch is called, and again with the job's id. */
export class Handles {
  /** Complete ones: they never change again. */
  private readonly known = new Map<string, SlurmHandle>();

  async read(folder: string): Promise<SlurmHandle | null> {
    const kept = this.known.get(folder);
    if (kept) return kept;
    const read = await readJson(path.join(folder, "slurm.json"), Handle);
    if (read.kind === "corrupt") log.warn("A torn file in the journal", { file: read.message });
    if (read.kind !== "ok") return null;
    if (read.value.job !== null) this.keep(folder, read.value);
    return read.value;
  }

  async write(folder: string, handle: SlurmHandle): Promise<void> {
    await writeJson(path.join(folder, "slurm.json"), handle);
    if (handle.job !== null) this.keep(folder, handle);
  }

  private keep(folder: string, handle: SlurmHandle): void {
    if (this.known.size >= MOST) this.known.delete(this.known.keys().next().value!);
    this.known.set(folder, handle);
  }
}
