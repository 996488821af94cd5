import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { create } from "tar";
import { expect } from "vitest";
import { removeCgroup } from "../drivers/cgroup.ts";
import { until } from "../drivers/contract.ts";
import { readHandle } from "../drivers/handle.ts";
import { envOf, listProcesses, signal } from "../drivers/processes.ts";
import type { Desired, JobSpec } from "../protocol/messages.ts";
import { FakeServer } from "./fake-server.ts";

const MAIN = path.resolve(import.meta.dirname, "../main.ts");
const TSX = import.meta.resolve("tsx");

/** The agent as it ships: a process of its own, that a test can kill. */
export class AgentProcess {
  readonly state: string;
  readonly server: FakeServer;
  child: ChildProcess | null = null;
  said = "";

  constructor(state: string, server: FakeServer) {
    this.state = state;
    this.server = server;
  }

  private spawn(words: string[], env: Record<string, string>): ChildProcess {
    const child = spawn(process.execPath, ["--import", TSX, MAIN, ...words], {
      env: { ...process.env, DROVER_AGENT_STATE: this.state, DROVER_AGENT_NODE: "here", DROVER_LOG_LEVEL: "info", NODE_ENV: "test", ...env } as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (this.said += chunk.toString()));
    return child;
  }

  /** Runs one verb to its end: its exit code, or the signal that killed it. */
  async verb(words: string[], env: Record<string, string> = {}): Promise<number | string> {
    return ended(this.spawn(words, env));
  }

  enrol(env: Record<string, string> = {}): Promise<number | string> {
    return this.verb(["enrol", "--url", this.server.url, "--code", "a-code-that-is-long-enough"], env);
  }

  start(env: Record<string, string> = {}, ...words: string[]): void {
    this.child = this.spawn(["run", ...words], env);
  }

  /** Resolves when the running agent is gone. */
  async gone(): Promise<number | string> {
    const child = this.child;
    this.child = null;
    return child ? ended(child) : "none";
  }

  async kill(name: NodeJS.Signals = "SIGKILL"): Promise<number | string> {
    this.child?.kill(name);
    return this.gone();
  }
}

function ended(child: ChildProcess): Promise<number | string> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode ?? child.signalCode ?? "?");
  return new Promise((resolve) => child.once("exit", (code, name) => resolve(code ?? name ?? "?")));
}

let count = 0;

/** A spec that asks for little. */
export function spec(command: string | string[], more: Partial<JobSpec> = {}): JobSpec {
  return {
    runId: `run_${process.pid}_${count}`,
    runName: "a run",
    attemptNumber: 1,
    project: "default",
    command,
    code: null,
    env: {},
    params: { lr: 0.1 },
    cpus: 1,
    memoryMib: 256,
    gpus: 0,
    gpuModel: null,
    nodes: 1,
    launcher: "none",
    maxDurationSeconds: null,
    checkpoint: true,
    graceSeconds: 5,
    artifacts: [],
    overrides: {},
    ...more,
  };
}

/** An order to run it. */
export function order(command: string | string[], more: Partial<JobSpec> = {}): Desired {
  count += 1;
  return { attemptId: `att_${process.pid}_${count}`, fence: "7", action: "run", reason: null, spec: spec(command, more) };
}

/** A server and an enrolled agent in a folder of their own below `parent`; `close` ends all of it, jobs included. */
export async function enrolled(parent = os.tmpdir()): Promise<{ server: FakeServer; agent: AgentProcess; close: () => Promise<void> }> {
  const server = await new FakeServer().start();
  const state = await mkdtemp(path.join(parent, "drover-agent-"));
  const agent = new AgentProcess(state, server);
  const code = await agent.enrol();
  if (code !== 0) throw new Error(`Enrolment ended with ${code}: ${agent.said}`);
  const close = async () => {
    await agent.kill();
    await endJobs(state);
    await server.stop();
    await rm(state, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };
  return { server, agent, close };
}

/** Ends what the jobs of this state folder left. */
async function endJobs(state: string): Promise<void> {
  const names = await readdir(path.join(state, "attempts")).catch((): string[] => []);
  for (const row of await listProcesses()) {
    if (names.includes((await envOf(row.pid, "DROVER_ATTEMPT_ID")) ?? "")) signal(row.pid, "SIGKILL");
  }
  for (const name of names) {
    const handle = await readHandle(path.join(state, "attempts", name));
    if (handle?.cgroup) await removeCgroup(handle.cgroup);
  }
}

/** The report that says that everything is over and sent. */
export const drained = (server: FakeServer, attemptId: string, seconds = 30) =>
  until(`${attemptId} to be drained`, async () => {
    const report = server.report(attemptId);
    return report?.drained && report.exit ? { ...report, exit: report.exit } : null;
  }, seconds);

export const isRunning = (server: FakeServer, attemptId: string) => until(`${attemptId} to run`, async () => server.report(attemptId)?.state === "running");

/** A code archive of these files, as a server would keep it. */
export async function archive(files: Record<string, string>): Promise<{ sha256: string; bytes: Buffer }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "drover-code-"));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  const file = path.join(folder, ".tar.gz");
  await create({ file, gzip: true, cwd: folder }, Object.keys(files));
  const bytes = await readFile(file);
  await rm(folder, { recursive: true });
  return { sha256: createHash("sha256").update(bytes).digest("hex"), bytes };
}

/** Prints numbered lines to both streams and a point every third. */
export const COUNTING = `i=0; while [ $i -lt 60 ]; do echo "line $i"; echo "err $i" >&2; [ $((i % 3)) -eq 0 ] && echo "drover: {\\"loss\\": $i}"; i=$((i+1)); sleep 0.01; done`;
const COUNTED = { out: Array.from({ length: 60 }, (_, i) => `line ${i}\n${i % 3 === 0 ? `drover: {"loss": ${i}}\n` : ""}`).join(""), err: Array.from({ length: 60 }, (_, i) => `err ${i}\n`).join(""), points: Array.from({ length: 20 }, (_, i) => ({ key: "loss", step: i, value: i * 3 })) };

/** Every byte and point of COUNTING is with the server, once and in order. */
export function expectWhole(server: FakeServer, attemptId: string): void {
  const seen = server.get(attemptId);
  expect(seen.stdout.toString()).toBe(COUNTED.out);
  expect(seen.stderr.toString()).toBe(COUNTED.err);
  expect(seen.points).toEqual(COUNTED.points);
}
