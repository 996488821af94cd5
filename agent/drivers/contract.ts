import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { duplexPair } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Terminals } from "../tunnel/terminals.ts";
import type { Driver, Launch, Observation } from "./driver.ts";

/** What the suite needs of a driver under test. */
export interface Subject {
  /** A driver that remembers nothing, as after a restart of the agent. */
  open: () => Promise<Driver>;
  /** Pids of everything that an attempt runs, its own companions left out. */
  pidsOf: (attemptId: string) => Promise<number[]>;
  limitsMemory: boolean;
}

let count = 0;

/** One process on one machine. */
export const plainAsk = (more: Partial<Launch["ask"]> = {}): Launch["ask"] => ({ title: "test/run", launcher: "none", nodes: 1, minNodes: more.nodes ?? 1, processes: 1, restarts: 0, cpus: 1, gpus: 0, gpuModel: null, maxSeconds: null, graceSeconds: 5, excludeNodes: [], overrides: {}, ...more });

/** Polls until it holds. @throws Error that says what was waited for. */
export async function until<T>(what: string, look: () => Promise<T | null | undefined | false>, seconds = 20): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`Waited ${seconds} s for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The promises of drivers/driver.ts, checked on the real thing. Every driver runs this suite. */
export function driverContract(name: string, subject: Subject): void {
  describe(`${name} keeps the driver's contract`, () => {
    let root: string;
    let driver: Driver;
    const started: Launch[] = [];

    beforeEach(async () => {
      root = await mkdtemp(path.join(os.tmpdir(), "drover-driver-"));
      driver = await subject.open();
    });
    afterEach(async () => {
      for (const launch of started.splice(0)) {
        await driver.stop(launch.attemptId, launch.folder, "kill");
        await driver.sweep(launch.attemptId, launch.folder);
      }
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    });

    async function job(script: string, more: Partial<Launch> = {}): Promise<Launch> {
      const attemptId = `att_${process.pid}_${count++}`;
      const folder = path.join(root, attemptId);
      await mkdir(path.join(folder, "work"), { recursive: true });
      const launch: Launch = { attemptId, folder, command: ["/bin/sh", "-c", script], env: { PATH: process.env.PATH ?? "/usr/bin:/bin", DROVER_ATTEMPT_ID: attemptId }, workingDirectory: path.join(folder, "work"), memoryMib: 256, runAs: null, ask: plainAsk(), ...more };
      started.push(launch);
      return launch;
    }
    async function start(script: string, more: Partial<Launch> = {}): Promise<Launch> {
      const launch = await job(script, more);
      await driver.submit(launch);
      return launch;
    }
    const see = (launch: Launch, by: Driver = driver) => by.observe(launch.attemptId, launch.folder);
    const running = (launch: Launch, by: Driver = driver) => until("it to run", async () => ((await see(launch, by)).state === "running" ? true : null));
    const ended = (launch: Launch, by: Driver = driver) =>
      until("its end", async () => {
        const seen: Observation = await see(launch, by);
        return seen.state === "ended" ? seen.ended : null;
      });
    const output = (launch: Launch) => readFile(driver.logs(launch.folder).stdout, "utf8").catch(() => "");

    it("has not started what was never submitted", async () => {
      expect(await see(await job("true"))).toEqual({ state: "absent" });
    });

    it("runs the command in its folder with its environment, and keeps both streams", async () => {
      const launch = await start('pwd; echo "$COLOUR"; echo trouble >&2', { env: { PATH: "/usr/bin:/bin", COLOUR: "green" } });
      expect(await ended(launch)).toMatchObject({ cause: "exited", code: 0, signal: null });
      expect(await output(launch)).toBe(`${launch.workingDirectory}\ngreen\n`);
      expect(await readFile(driver.logs(launch.folder).stderr, "utf8")).toBe("trouble\n");
    });

    it.each([0, 1, 3, 75, 127])("reports exit code %i", async (code) => {
      expect(await ended(await start(`exit ${code}`))).toMatchObject({ cause: "exited", code, signal: null });
    });

    it("reports the signal that ended it", async () => {
      expect(await ended(await start("kill -SEGV $$"))).toMatchObject({ code: null, signal: "SIGSEGV" });
    });

    it("reports when it started and when it ended", async () => {
      const before = Date.now();
      const launch = await start("true");
      const end = await ended(launch);
      const seen = await see(launch);
      expect(end.at).toBeGreaterThanOrEqual(before - 50);
      expect(end.at).toBeLessThanOrEqual(Date.now() + 50);
      expect(seen.state === "ended" && seen.startedAt !== null && seen.startedAt <= end.at).toBe(true);
    });

    it("passes words through untouched where no shell is asked for", async () => {
      const words = ["a b", "$HOME", "'", "", "-n", "*", "ü\n"];
      const launch = await start("", { command: ["printf", "[%s]", ...words] });
      await ended(launch);
      expect(await output(launch)).toBe(words.map((word) => `[${word}]`).join(""));
    });

    it("says 127 for a program that does not exist", async () => {
      expect(await ended(await start("", { command: ["no-such-program-anywhere"] }))).toMatchObject({ cause: "exited", code: 127 });
    });

    it("starts once, however often and by whomever it is submitted", async () => {
      const launch = await job("echo started; sleep 0.2");
      const others = await Promise.all([subject.open(), subject.open(), subject.open()]);
      await Promise.all([driver, ...others].map((each) => each.submit(launch)));
      await driver.submit(launch);
      await ended(launch);
      await driver.submit(launch);
      await (await subject.open()).submit(launch);
      expect(await output(launch)).toBe("started\n");
    });

    it("is found by a driver that knows nothing of it, which then sees its end", async () => {
      const launch = await start("sleep 300");
      await running(launch);
      const next = await subject.open();
      await running(launch, next);
      await next.stop(launch.attemptId, launch.folder, "kill");
      expect(await ended(launch, next)).toMatchObject({ cause: "exited" });
    });

    it("reports an end that nobody watched", async () => {
      const launch = await start("exit 9");
      await ended(launch);
      expect(await ended(launch, await subject.open())).toMatchObject({ code: 9 });
    });

    it("lets a job end by itself when it is asked to", async () => {
      const launch = await start('trap "echo saving; exit 4" TERM; echo up; while :; do sleep 0.05; done');
      await until("it to be up", async () => (await output(launch)).includes("up"));
      await driver.stop(launch.attemptId, launch.folder, "ask");
      expect(await ended(launch)).toMatchObject({ code: 4, signal: null });
      expect(await output(launch)).toBe("up\nsaving\n");
    });

    it("kills a job that does not listen, and still records how it ended", async () => {
      const launch = await start('trap "" TERM; echo up; while :; do sleep 0.05; done');
      await until("it to be up", async () => (await output(launch)).includes("up"));
      await driver.stop(launch.attemptId, launch.folder, "ask");
      await driver.stop(launch.attemptId, launch.folder, "kill");
      expect(await ended(launch)).toMatchObject({ cause: "exited", code: null, signal: "SIGKILL" });
      expect(await subject.pidsOf(launch.attemptId)).toEqual([]);
    });

    it("stops what was never started without a fuss, and then it never starts", async () => {
      const launch = await job("echo started");
      await driver.stop(launch.attemptId, launch.folder, "ask");
      await driver.stop(launch.attemptId, launch.folder, "kill");
      expect(await driver.preclude(launch.attemptId, launch.folder)).toBe(true);
      expect(await driver.preclude(launch.attemptId, launch.folder)).toBe(true);
      await driver.submit(launch);
      expect(await output(launch)).toBe("");
    });

    it("does not preclude what has started", async () => {
      const launch = await start("sleep 30");
      await running(launch);
      expect(await driver.preclude(launch.attemptId, launch.folder)).toBe(false);
    });

    it("sweeps away what the main process left behind", async () => {
      const launch = await start("(sleep 300 &) ; setsid sh -c 'sleep 300' & nohup sleep 300 >/dev/null 2>&1 & echo done");
      expect(await ended(launch)).toMatchObject({ code: 0 });
      await driver.sweep(launch.attemptId, launch.folder);
      expect(await subject.pidsOf(launch.attemptId)).toEqual([]);
      await driver.sweep(launch.attemptId, launch.folder);
    });

    it("measures what a living attempt uses", async () => {
      const launch = await start("while :; do :; done");
      await running(launch);
      const used = await until("CPU time to show", async () => {
        const use = (await driver.usage([launch])).get(launch.attemptId);
        return use && use.cpuSeconds > 0.1 ? use : null;
      });
      expect(used.memoryMib).toBeLessThan(256);
    });

    it("lets a person in through a terminal in the attempt's place, which ends with the attempt", async () => {
      const launch = await start("sleep 300");
      await running(launch);
      const entry = await driver.enter!(launch.attemptId, launch.folder, null);
      const terminals = new Terminals();
      const [person, agent] = duplexPair();
      let said = "";
      person.on("data", (chunk: Buffer) => (said += chunk.toString()));
      const env = { ...launch.env, COLOUR: "green", ...entry.env };
      terminals.attach("11111111-1111-4111-8111-111111111111", "usr_1", { rows: 33, cols: 101 }, { attemptId: launch.attemptId, folder: launch.folder, enter: entry.command, env, workingDirectory: launch.workingDirectory, uid: null }, () => agent);
      person.write('echo "$COLOUR in $PWD of $DROVER_ATTEMPT_ID"; stty size\n');
      await until(`the shell's answer`, async () => said.includes(`green in ${launch.workingDirectory} of ${launch.attemptId}`) && said.includes("33 101"));
      await terminals.resize("11111111-1111-4111-8111-111111111111", "usr_1", { rows: 44, cols: 123 });
      await until("the window's new size", async () => {
        person.write("stty size\n");
        await new Promise((resolve) => setTimeout(resolve, 200));
        return said.includes("44 123");
      });
      await driver.stop(launch.attemptId, launch.folder, "kill");
      await ended(launch);
      await driver.sweep(launch.attemptId, launch.folder);
      await until("the shell to end too", async () => said.includes("The shell ended"));
      expect(await subject.pidsOf(launch.attemptId)).toEqual([]);
    }, 60_000);

    it("reaches a port of its machine that is open there only, and says when nothing answers", async () => {
      const app = 'const s = require("net").createServer((c) => c.on("data", (d) => c.write("heard " + d))); s.listen(0, "127.0.0.1", () => console.log("port", s.address().port))';
      const launch = await start("", { command: [process.execPath, "-e", app] });
      const port = Number(/port (\d+)/.exec(await until("its port", async () => ((await output(launch)).includes("\n") ? output(launch) : null)))![1]);
      const connection = await driver.dial!(launch.attemptId, launch.folder, port, null);
      const heard = new Promise<string>((resolve) => connection.once("data", (chunk: Buffer) => resolve(chunk.toString())));
      connection.write("hello");
      expect(await heard).toBe("heard hello");
      connection.destroy();
      await expect(driver.dial!(launch.attemptId, launch.folder, 1, null)).rejects.toThrow();
    }, 60_000);

    it.runIf(subject.limitsMemory)("ends a job that takes more memory than its limit, and says so", async () => {
      const launch = await start("", { command: [process.execPath, "-e", "const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1))"], memoryMib: 128 });
      const end = await ended(launch);
      await driver.sweep(launch.attemptId, launch.folder);
      const after = await ended(launch, await subject.open());
      expect(end.cause).toBe("oom");
      expect(after).toMatchObject({ cause: "oom", detail: expect.stringContaining("128 MiB") as string });
      expect(after.peakMemoryMib).toBeGreaterThan(100);
    });
  });
}
