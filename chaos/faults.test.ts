import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WRAPPER_SCRIPT } from "../agent/drivers/wrapper.ts";
import { wrapperPids } from "./faults.ts";
import { pidsWithEnv, until } from "./processes.ts";

let folder: string;
let attempt: string;
let wrapper: ChildProcess;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drover-faults-"));
  attempt = join(folder, "agent", "attempts", "att_1");
  mkdirSync(attempt, { recursive: true });
  writeFileSync(join(attempt, "wrapper.sh"), WRAPPER_SCRIPT);
  // A pipe that nobody reads stands where the cgroup's file would: the wrapper's child waits there, before the job's command.
  execFileSync("mkfifo", [join(attempt, "procs")]);
  wrapper = spawn("/bin/sh", [join(attempt, "wrapper.sh"), attempt, join(attempt, "procs"), process.env.PATH!, "sh", "-c", "exit 3"], { detached: true, stdio: "ignore", env: { ...process.env, DROVER_ATTEMPT_ID: attempt } });
});

afterEach(() => {
  for (const pid of pidsWithEnv(`DROVER_ATTEMPT_ID=${attempt}`)) process.kill(pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** The child that will become the job's command, while it waits. The wrapper's pid is written when no other child of it is left. */
const childOf = () => until("the wrapper's child", async () => existsSync(join(attempt, "wrapper.pid")) && pidsWithEnv(`DROVER_ATTEMPT_ID=${attempt}`).find((pid) => pid !== wrapper.pid), 20);

test("the wrapper is found, and not the child that is yet to become the job's command", async () => {
  await childOf();
  expect(await wrapperPids(folder)).toEqual([wrapper.pid]);
});

test("a kill of that child is recorded as the end of the job, which printed nothing: no fault of the wrapper", async () => {
  const ended = new Promise((resolve) => wrapper.once("exit", resolve));
  process.kill(await childOf(), "SIGKILL");
  await ended;
  expect(readFileSync(join(attempt, "exit"), "utf8")).toBe("137\n");
});
