import { execFileSync } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
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
  it("gives back to the disk what it has of each rank, and loses no byte and no last line by it", async () => {
    const line = "x".repeat(1023);
    const lines = 24 * 1024;
    await writeFile(path.join(ranks, "0.out"), `${line}\n`.repeat(lines));
    const logs = new RankLogs(record);
    await logs.finish();
    const { size } = await stat(record.folder.stdout);
    expect(size).toBe(lines * (1024 + "[rank 0] ".length));
    const left = await stat(path.join(ranks, "0.out"));
    expect(left.size).toBe(lines * 1024);
    expect(left.blocks * 512).toBeLessThan(left.size / 2);
    const again = new RankLogs(record); // as after a crash: it goes on from its last step
    await appendFile(path.join(ranks, "0.out"), "last\n");
    await again.finish();
    const log = await readFile(record.folder.stdout, "utf8");
    expect(log.endsWith(`[rank 0] ${line}\n[rank 0] last\n`)).toBe(true);
    expect(log.includes("\0")).toBe(false);
    expect((await readFile(path.join(ranks, "0.out"), "utf8")).slice(-64 * 1024).includes("\0")).toBe(false);
  });

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
