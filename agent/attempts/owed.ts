import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { makeFolder, readJson, writeJson } from "../disk.ts";
import type { Driver } from "../drivers/driver.ts";
import { log } from "../log.ts";
import { safeName, type StateFolder } from "../state.ts";
import type { AttemptRecord } from "./record.ts";

const OwedFile = z.object({ attemptId: z.string(), job: z.string(), endedAt: z.number() });
export type OwedWord = z.infer<typeof OwedFile>;

/** Ended attempts of which the server has yet to hear what the scheduler's accounting says. On disk: it may know only after the attempt's own folder is gone. */
export class Owed {
  private readonly folder: string;
  private readonly words = new Map<string, OwedWord>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open({ owed }: StateFolder): Promise<Owed> {
    await makeFolder(owed);
    const all = new Owed(owed);
    for (const name of await readdir(owed)) {
      const read = await readJson(path.join(owed, name), OwedFile);
      if (read.kind === "ok") all.words.set(read.value.attemptId, read.value);
      else if (read.kind === "corrupt" && name.endsWith(".json")) log.warn("A torn or foreign file in the journal is left aside", { file: read.message });
    }
    return all;
  }

  /** Notes an end, where the driver has an accounting and was given the attempt. Before the end is reported: nothing may forget it. */
  async note({ accounting }: Driver, record: AttemptRecord, endedAt: number): Promise<void> {
    const job = await accounting?.jobOf(record.folder.home);
    if (!job || this.words.has(record.id)) return;
    const word = { attemptId: record.id, job, endedAt };
    await writeJson(this.fileOf(record.id), word);
    this.words.set(record.id, word);
  }

  list(): OwedWord[] {
    return [...this.words.values()];
  }

  /** The server has it, or wants none of it. */
  async settle(attemptId: string): Promise<void> {
    await rm(this.fileOf(attemptId), { force: true });
    this.words.delete(attemptId);
  }

  private fileOf(attemptId: string): string {
    return path.join(this.folder, `${safeName(attemptId)}.json`);
  }
}
