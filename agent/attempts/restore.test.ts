import { createHash } from "node:crypto";
import { chown, link, lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder } from "../disk.ts";
import { attemptFolder, stateFolder } from "../state.ts";
import { order } from "../testing/agent-process.ts";
import { prepareFolders, type Surroundings } from "./prepare.ts";
import { AttemptRecord } from "./record.ts";

const NOBODY = { name: "nobody", uid: 65_534, gid: 65_534, home: "/" };
const sha = (text: string) => createHash("sha256").update(text).digest("hex");

describe.runIf(process.getuid?.() === 0)("an agent that is root, of jobs that are another account's", () => {
  let home: string;
  let theirs: string;
  let ours: string;
  beforeEach(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), "drover-restore-"));
    theirs = path.join(home, "runs", "run_1", "checkpoint");
    ours = path.join(home, "etc");
    for (const folder of [theirs, ours]) await mkdir(folder, { recursive: true });
    await writeFile(path.join(ours, "passwd"), "root:x:0:0");
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  /** Starts the run's second attempt here. @param files What the one before it kept, on another cluster. */
  async function prepare(files: Record<string, string> | null): Promise<void> {
    const state = stateFolder(home);
    const answer = { serverTime: 1, ready: true, attemptNumber: 1, files: Object.entries(files ?? {}).map(([name, text]) => ({ path: name, sha256: sha(text), bytes: text.length })) };
    const client = { json: async () => answer, send: async ({ path: asked }: { path: string }) => new Response(Object.values(files ?? {}).find((text) => asked.endsWith(sha(text)))) };
    const around = { state, client, account: NOBODY, accounts: new Map(), policy: { envPassed: [] }, drainedNodes: () => [] } as unknown as Surroundings;
    const wanted = order("true", { runId: "run_1", attemptNumber: 2, ...(files ? { checkpointSync: { everySeconds: 60, from: { attemptNumber: 1 } } } : {}) });
    await makeFolder(attemptFolder(state, wanted.attemptId).home);
    await prepareFolders(around, await AttemptRecord.create(state, wanted, "boot"), wanted.spec!, new AbortController().signal);
  }
  const ownerOf = async (...names: string[]) => (await stat(path.join(...names))).uid;

  it("gives them nothing of its own that a link in a checkpoint folder leads to, though its bytes are those of the checkpoint", async () => {
    await symlink(ours, path.join(theirs, "d"));
    await prepare({ "d/passwd": "root:x:0:0" });
    expect(await readFile(path.join(theirs, "d", "passwd"), "utf8")).toBe("root:x:0:0");
    expect([await ownerOf(theirs), await ownerOf(theirs, "d"), await ownerOf(theirs, "d", "passwd")]).toEqual([NOBODY.uid, NOBODY.uid, NOBODY.uid]);
    expect(await ownerOf(ours, "passwd")).toBe(0);
  });

  it("gives them nothing of its own that lies in a folder of theirs under a second name", async () => {
    await link(path.join(ours, "passwd"), path.join(theirs, "mine"));
    await chown(theirs, NOBODY.uid, NOBODY.gid);
    await prepare(null);
    await prepare({ mine: "root:x:0:0" });
    expect([await ownerOf(ours, "passwd"), (await lstat(path.join(ours, "passwd"))).nlink]).toEqual([0, 1]);
    expect(await ownerOf(theirs, "mine")).toBe(NOBODY.uid);
  });

  it("takes over what lies there already and is theirs", async () => {
    await writeFile(path.join(theirs, "step"), "1");
    for (const one of [theirs, path.join(theirs, "step")]) await chown(one, NOBODY.uid, NOBODY.gid);
    const { ino } = await stat(path.join(theirs, "step"));
    await prepare({ step: "1", new: "2" });
    expect([(await stat(path.join(theirs, "step"))).ino, await readFile(path.join(theirs, "new"), "utf8"), await ownerOf(theirs, "new")]).toEqual([ino, "2", NOBODY.uid]);
  });
});
