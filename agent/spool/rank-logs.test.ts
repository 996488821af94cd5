import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AttemptRecord } from "../attempts/record.ts";
import { RANK_FILES, rankEnds } from "../drivers/ranks.ts";
import { stateFolder } from "../state.ts";
import { order } from "../testing/agent-process.ts";
import { RankLogs } from "./rank-logs.ts";

let home: string;
let record: AttemptRecord;
let ranks: string;

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "drover-ranks-"));
  const state = stateFolder(home);
  const { attemptId, spec } = order("true", { launcher: "mpi", processesPerNode: 2 });
  ranks = path.join(state.attempts, attemptId, RANK_FILES.folder);
  await mkdir(ranks, { recursive: true });
  record = await AttemptRecord.create(state, { attemptId, fence: "1", spec }, "boot");
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe("the one log of several ranks", () => {
  it("takes nothing from behind a link and waits for no pipe: the folder is the job's, and the agent may read more than the job", async () => {
    const key = path.join(home, "identity.json");
    await writeFile(key, "the agent's own key\n");
    await writeFile(path.join(ranks, "0.out"), "step 1\n");
    await symlink(key, path.join(ranks, "1.out"));
    await symlink(key, path.join(ranks, "1.host"));
    execFileSync("mkfifo", [path.join(ranks, "2.out"), path.join(ranks, "2.host")]);
    await new RankLogs(record).finish();
    expect(await readFile(record.folder.stdout, "utf8")).toBe("[rank 0] step 1\n");
    expect(await rankEnds(record.folder.home)).toEqual([{ rank: 1, node: "", exit: null }, { rank: 2, node: "", exit: null }]);
  });
});
