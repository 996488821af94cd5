import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder } from "../disk.ts";
import { stateFolder } from "../state.ts";
import { order } from "../testing/agent-process.ts";
import { Journal } from "./journal.ts";

const ROUNDS = 20;
let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "drover-journal-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function opened() {
  const state = stateFolder(home);
  const journal = new Journal(state, "boot");
  await journal.open();
  const attempt = async (runId: string) => journal.accept(order("true", { runId }));
  const isThere = (runId: string) => stat(state.checkpoint(runId)).then(() => true, () => false);
  return { state, journal, attempt, isThere };
}

describe("what an attempt leaves of its run", () => {
  it("is nothing where no checkpoint was saved and no other attempt of the run is here", async () => {
    const { state, journal, attempt, isThere } = await opened();
    const only = await attempt("run_a");
    await makeFolder(state.checkpoint("run_a"));
    await journal.forget(only);
    expect(await isThere("run_a")).toBe(false);
  });

  it("is the checkpoint folder of an attempt that was taken meanwhile, also after a restart", async () => {
    const { state, attempt, isThere } = await opened();
    const first = await attempt("run_a");
    await attempt("run_a");
    await makeFolder(state.checkpoint("run_a"));
    const { journal } = await opened();
    await journal.forget(first);
    expect(await isThere("run_a")).toBe(true);
  });

  it("never pulls the folder away from under an attempt that comes while it goes", async () => {
    const { state, journal, attempt, isThere } = await opened();
    let last = await attempt("run_a");
    for (let round = 0; round < ROUNDS; round += 1) {
      await makeFolder(state.checkpoint("run_a"));
      const [next] = await Promise.all([attempt("run_a").then(async (taken) => (await makeFolder(state.checkpoint("run_a")), taken)), journal.forget(last)]);
      expect(await isThere("run_a")).toBe(true);
      last = next;
    }
  });
});
