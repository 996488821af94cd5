import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test as base } from "@playwright/test";
import { until } from "../chaos/processes.ts";
import { becomeOwner } from "../chaos/stack.ts";
import { ROOT } from "../scripts/root.ts";
import { freshFolder } from "../scripts/test/areas.ts";
import { freePort } from "./stack.ts";

type Api = Awaited<ReturnType<typeof becomeOwner>>;

/** `./drover up` as a person types it in a terminal: a process group of its own, which is what Ctrl-C reaches. */
class Up {
  readonly child: ChildProcess;
  said = "";

  constructor(folder: string, port: number, jobs: string) {
    const { DATABASE_URL: _own, DROVER_URL: _url, DROVER_SECRET: _secret, DROVER_OBJECTS: _objects, ...env } = process.env;
    this.child = spawn(join(ROOT, "drover"), ["up", "--port", String(port), jobs, "--no-open"], { cwd: folder, env: { ...env, DROVER_STATE: folder, NO_COLOR: "1" }, stdio: ["ignore", "pipe", "pipe"], detached: true });
    for (const stream of [this.child.stdout!, this.child.stderr!]) stream.on("data", (chunk: Buffer) => (this.said += chunk.toString()));
  }

  /** @returns what the pattern finds in its words. */
  says(pattern: RegExp): Promise<string> {
    return until(`./drover up to say ${String(pattern)}`, async () => {
      if (this.child.exitCode !== null) throw new Error(`It ended with ${this.child.exitCode}: ${this.said}`);
      return pattern.exec(this.said)?.[0];
    }, 60);
  }

  /** @returns the exit code. */
  async ctrlC(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.child.once("exit", resolve));
    process.kill(-this.child.pid!, "SIGINT");
    return ended;
  }
}

interface Found {
  pid: number;
  command: string;
}

/** Every living process that was started for this folder, or works on it. Linux only. */
function processesOf(folder: string): Found[] {
  const read = (pid: number, file: string) => readFileSync(`/proc/${pid}/${file}`, "latin1").replaceAll("\0", " ");
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).flatMap((pid) => {
    try {
      const command = read(pid, "cmdline");
      return command !== "" && (command.includes(folder) || read(pid, "environ").includes(folder)) ? [{ pid, command }] : [];
    } catch {
      return []; // ended while we looked
    }
  });
}

const endAtOnce = ({ pid }: Found) => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has just ended
  }
};

const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = freshFolder("up");
    await use(folder);
    processesOf(folder).forEach(endAtOnce); // what a failed test leaves
    rmSync(folder, { recursive: true, force: true });
  },
});

const submit = async (api: Api, name: string, command: string) => (await api.experiments.submit.mutate({ spec: { name, project: "default", command } })).id;
const reach = (api: Api, id: string, status: string) => until(`the run to be ${status}`, async () => (await api.experiments.get.query({ id })).status === status, 60);

test("Ctrl-C stops all of it, and running work as it was told", async ({ folder }) => {
  const port = await freePort();
  const first = new Up(folder, port, "--keep-jobs");
  const link = new URL(await first.says(/http:\S+\/setup\?token=\S+/));
  const page = await fetch(link);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("Set up Drover")]);

  const api = await becomeOwner(link.origin, link.searchParams.get("token")!);
  const go = join(folder, "go");
  const kept = await submit(api, "goes-on", `echo before; until [ -e '${go}' ]; do sleep 0.05; done; echo after`);
  await reach(api, kept, "running");
  expect(processesOf(folder).map(({ command }) => command)).toEqual(expect.arrayContaining(["server.mjs", "worker.mjs", "agent.mjs", "postgres"].map((name) => expect.stringContaining(name) as unknown)));
  expect(await first.ctrlC()).toBe(0);
  expect(first.said).toContain("Work that was running goes on");
  const left = processesOf(folder);
  expect(left.map(({ command }) => command)).toContainEqual(expect.stringContaining("echo before"));
  for (const { command } of left) expect(command).not.toMatch(/\.mjs|postgres/);

  const second = new Up(folder, port, "--stop-jobs");
  await second.says(/Sign in: \S+/);
  expect(second.said).not.toContain("/setup?");
  writeFileSync(go, "");
  await reach(api, kept, "succeeded");
  const { attempts } = await api.experiments.get.query({ id: kept });
  expect(attempts).toHaveLength(1);

  const stopped = await submit(api, "is-stopped", "sleep 600");
  await reach(api, stopped, "running");
  expect(await second.ctrlC()).toBe(0);
  expect(processesOf(folder)).toEqual([]);
});
