import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder } from "../disk.ts";
import { order } from "../testing/agent-process.ts";
import { attemptFolder, stateFolder } from "../state.ts";
import { environmentOf, prepareFolders, type Surroundings } from "./prepare.ts";
import { AttemptRecord } from "./record.ts";

describe("the folder that an attempt saves its checkpoints in", () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), "drover-prepare-"));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  /** Prepares one attempt, and saves there as its process would. @returns what it found. */
  async function attempt(checkpoint: boolean, attemptNumber: number): Promise<string[]> {
    const state = stateFolder(home);
    const around = { state, account: null, accounts: new Map(), policy: { envPassed: [] as string[] }, drainedNodes: () => [] } as unknown as Surroundings;
    const wanted = order("true", { runId: "run_1", attemptNumber, checkpoint });
    await makeFolder(attemptFolder(state, wanted.attemptId).home);
    const record = await AttemptRecord.create(state, wanted, "boot");
    await prepareFolders(around, record, wanted.spec!, new AbortController().signal);
    const folder = environmentOf(around, record, wanted.spec!, { at: 0, accelerators: [], port: null }).DROVER_CHECKPOINT_DIR!;
    const found = await readdir(folder);
    await writeFile(path.join(folder, "step"), "1");
    return found;
  }

  it("is there again for the next attempt", async () => {
    expect([await attempt(true, 1), await attempt(true, 2)]).toEqual([[], ["step"]]);
  });
  it("is empty for each attempt of a run that wants none kept, also where an older agent kept one", async () => {
    await attempt(true, 1);
    expect([await attempt(false, 2), await attempt(false, 3)]).toEqual([[], []]);
  });
});
