import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { membersOf } from "./members.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "drover-members-"));
let child: ChildProcess;
afterEach(() => {
  child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const isMember = async (attemptId: string) => (await membersOf(attemptId, folder, null)).some(({ pid }) => pid === child.pid);

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe.skipIf(process.platform !== "linux")("a process that no session and no cgroup gives away", () => {
  it("belongs to the attempt that its environment names, from the moment that it executes a program with that", async () => {
    child = spawn("sh", ["-c", "read go; exec env DROVER_ATTEMPT_ID=att_new sleep 60"], { stdio: ["pipe", "ignore", "ignore"], env: { ...process.env, DROVER_ATTEMPT_ID: "att_old" } });
    await until(() => isMember("att_old"));
    expect(await isMember("att_old")).toBe(true); // from memory now
    expect(await isMember("att_new")).toBe(false);
    child.stdin!.end("go\n");
    await until(() => isMember("att_new"));
    expect(await isMember("att_old")).toBe(false);
  });
});
