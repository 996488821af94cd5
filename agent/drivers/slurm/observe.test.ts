import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SchedulerWord } from "../../protocol/scheduler.ts";
import { NotNow } from "../driver.ts";
import type { SlurmClient } from "./client.ts";
import { Observer } from "./observe.ts";
import { jobName } from "./names.ts";
import { JobQueue } from "./queue.ts";

const ID = "att_1";
let folder: string;
let asked: string[];
let gates: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drover-observe-"));
  mkdirSync(join(folder, "job"));
  asked = [];
  gates = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** On a Slurm whose squeue lists nothing and whose accounting has these lines. */
function observerOf(sacct: string[]): Observer {
  const run = (command: string) => {
    asked.push(command);
    return Promise.resolve(command === "sacct" ? sacct.join("\n") : "");
  };
  return new Observer(new JobQueue({ run } as unknown as SlurmClient), () => Promise.resolve((gates += 1) > 0));
}
const inBooks = (state: string) => `7|7|${jobName(ID)}|${state}|0:0|1795000000|Unknown|n1|None`;
const submitted = (at: number) => ({ at, job: "7", ranks: false, limitMib: 0, array: null });

describe("a job that squeue does not list", () => {
  it.each(["PENDING", "RUNNING", "COMPLETING"])("is not over while accounting calls it %s: its gate stays open", async (state) => {
    expect(await observerOf([inBooks(state)]).observe(ID, folder, submitted(0))).toEqual({ state: "starting" });
    expect(gates).toBe(0);
  });

  it("runs on where its start is on record and accounting has not heard of an end", async () => {
    writeFileSync(join(folder, "job", "started"), "");
    expect(await observerOf([inBooks("RUNNING")]).observe(ID, folder, submitted(0))).toMatchObject({ state: "running" });
  });

  it("was submitted after that look, so accounting is not asked", async () => {
    expect(await observerOf([]).observe(ID, folder, submitted(Date.now() + 1000))).toEqual({ state: "starting" });
    expect(asked).toEqual(["squeue"]);
  });

  it("runs on the nodes that it wrote down itself, where it began after that look: what it holds is metered from there on", async () => {
    for (const [name, text] of [["host", "login\nn[1-2]\n"], ["started", ""]] as const) writeFileSync(join(folder, "job", name), text);
    expect(await observerOf([]).observe(ID, folder, submitted(Date.now() + 1000))).toMatchObject({ state: "running", nodes: ["n1", "n2"] });
  });

  it("is over by its own record, on the nodes that it wrote down itself, where Slurm has lost it", async () => {
    for (const [name, text] of [["host", "login\nn[1-2]\n"], ["started", ""], ["life", "100.25 102.50\n"], ["exit", "0\n"]] as const) writeFileSync(join(folder, "job", name), text);
    expect(await observerOf([]).observe(ID, folder, submitted(0))).toMatchObject({ state: "ended", ended: { code: 0, lifeMs: 2250 }, nodes: ["n1", "n2"] });
  });

  it("is over where accounting says how it ended, and can never start", async () => {
    expect(await observerOf([inBooks("NODE_FAIL")]).observe(ID, folder, submitted(0))).toMatchObject({ state: "ended", ended: { cause: "hardware" } });
    expect(gates).toBe(1);
  });

  it("ended while Slurm named every node that it waited for: what is told of that is what the protocol takes", async () => {
    const reason = `ReqNodeNotAvail, UnavailableNodes:${Array.from({ length: 100 }, (_, at) => `gpu${at}`).join(",")}`;
    const seen = await observerOf([inBooks("CANCELLED").replace(/None$/, reason)]).observe(ID, folder, submitted(0));
    expect(seen.state).toBe("ended");
    if (seen.state === "ended") expect(SchedulerWord.parse(seen.scheduler).reason).toBe(reason.slice(0, 200));
  });
});

describe("a job that Slurm ended before its batch script said anything", () => {
  const failed = (nodes: string, reason = "JobLaunchFailure") => `7|7|${jobName(ID)}|FAILED|0:53|1795000000|1795000001|${nodes}|${reason}`;

  it("is its node's failure, in Slurm's own words: nothing of the run's was started there", async () => {
    writeFileSync(join(folder, "job", "slurm.log"), "slurmstepd-n1: error: Could not open stdout file\n");
    expect(await observerOf([failed("n1")]).observe(ID, folder, submitted(0))).toMatchObject({
      state: "ended", startedAt: null, nodes: ["n1"],
      ended: { cause: "hardware", detail: "Slurm could not start job 7 on n1: FAILED (JobLaunchFailure), with exit code 0:53. slurmstepd-n1: error: Could not open stdout file" },
    });
  });

  it.each(["FAILED|3:0", "COMPLETED|0:0"])("is lost where Slurm says no more than %s: that may be the end of an earlier job, which the controller lost, by the same number", async (end) => {
    const seen = await observerOf([`7|7|${jobName(ID)}|${end}|1795000000|1795000001|n1|NonZeroExitCode`]).observe(ID, folder, submitted(0));
    expect(seen).toMatchObject({ state: "ended", startedAt: null, ended: { cause: "wrapper_lost", code: null, detail: expect.stringContaining("its batch script never began") as string } });
  });

  it("was asked for wrongly where no node was given to it", async () => {
    expect(await observerOf([failed("None assigned", "Prolog")]).observe(ID, folder, submitted(0))).toMatchObject({ state: "ended", ended: { cause: "setup_failed" } });
  });

  it("says with whatever ended it what Slurm wrote down", async () => {
    writeFileSync(join(folder, "job", "slurm.log"), "Error running slurm prolog: 9\n");
    const seen = await observerOf([inBooks("CANCELLED by 0")]).observe(ID, folder, submitted(0));
    expect(seen).toMatchObject({ ended: { cause: "stopped", detail: "It was cancelled in Slurm (CANCELLED). It had not started. Error running slurm prolog: 9" } });
  });

  it("is lost where it came through its gate and no further", async () => {
    mkdirSync(join(folder, "job", "gate"));
    const observer = new Observer(new JobQueue({ run: (command: string) => Promise.resolve(command === "sacct" ? failed("n1") : "") } as unknown as SlurmClient), () => Promise.resolve(false));
    vi.useFakeTimers({ toFake: ["performance"] });
    expect(await observer.observe(ID, folder, submitted(0))).toEqual({ state: "starting" });
    vi.advanceTimersByTime(21_000);
    expect(await observer.observe(ID, folder, submitted(0))).toMatchObject({ state: "ended", ended: { cause: "wrapper_lost" } });
    vi.useRealTimers();
  });
});

describe("a job that ran and left no end on record, and was asked to end", () => {
  const ASKED_AT = 1_795_000_010_700;
  beforeEach(() => {
    for (const name of ["job/started", "asked"]) writeFileSync(join(folder, name), "");
    utimesSync(join(folder, "asked"), new Date(ASKED_AT), new Date(ASKED_AT));
    vi.useFakeTimers({ toFake: ["performance"] });
  });
  afterEach(() => void vi.useRealTimers());
  const endOf = async (...sacct: string[]) => {
    const observer = observerOf(sacct);
    await observer.observe(ID, folder, submitted(0));
    vi.advanceTimersByTime(21_000);
    const seen = await observer.observe(ID, folder, submitted(0));
    return seen.state === "ended" ? seen.ended : seen;
  };
  const cancelled = (end: number) => `7|7|${jobName(ID)}|CANCELLED by 0|0:9|1795000000|${end}|n1|None`;

  it("did so because it was asked where Slurm has its end in that second or later: Slurm's times are whole seconds", async () => {
    expect(await endOf(cancelled(1_795_000_010))).toMatchObject({ cause: "exited", signal: "SIGKILL", at: ASKED_AT });
    expect(await endOf(cancelled(1_795_000_014))).toMatchObject({ cause: "exited", signal: "SIGKILL", at: 1_795_000_014_000 });
  });

  it("did not where Slurm has its end before that", async () => {
    expect(await endOf(cancelled(1_795_000_009))).toMatchObject({ cause: "stopped", signal: null, at: 1_795_000_009_000 });
  });

  it("is lost where Slurm no longer knows it, not ended by the command's own signal: nobody saw its end, and it may have been before it was asked", async () => {
    expect(await endOf()).toMatchObject({ cause: "wrapper_lost", signal: null });
  });
});

describe("a job whose start is on record, which the last look has waiting still", () => {
  const listed = (state: string, nodes: string) => `7|${state}|Priority|ada|lab|gpu|normal|2|${nodes}|1||1795000000|N/A|N/A|1:00:00|10|0|NONE|7|${jobName(ID)}|`;
  const waiting = listed("PENDING", "");
  /** Each look at squeue finds the next of these. */
  const observerAt = (...looks: string[]) =>
    new Observer(new JobQueue({ run: (command: string) => Promise.resolve(command === "squeue" ? (looks.length > 1 ? looks.shift()! : looks[0]!) : inBooks("PENDING")) } as unknown as SlurmClient), () => Promise.resolve(false));
  beforeEach(() => {
    for (const [name, text] of [["host", "login\nn[1-2]\n"], ["started", ""], ["gpus", "3\n"]] as const) writeFileSync(join(folder, "job", name), text);
  });

  it.each([[1, [waiting]], [2, [waiting, waiting]]])("runs, on its nodes and accelerators, where %i looks were from before its start", async (_, old) => {
    expect(await observerAt(...old, listed("RUNNING", "n[1-2]")).observe(ID, folder, submitted(0))).toMatchObject({ state: "running", nodes: ["n1", "n2"], accelerators: [3] });
  });

  it("runs where it is not listed any more: how it ended is for the next look to say", async () => {
    expect(await observerAt(waiting, "").observe(ID, folder, submitted(0))).toMatchObject({ state: "running", nodes: ["n1", "n2"] });
  });

  it("was put back into the queue where it waits in every look", async () => {
    expect(await observerAt(waiting).observe(ID, folder, submitted(0))).toMatchObject({ state: "ended", ended: { cause: "preempted" } });
  });

  it("has ended for the reason that it was swept for, whatever end it wrote down after that", async () => {
    writeFileSync(join(folder, "job", "exit"), "137\n");
    expect(await observerAt(waiting).observe(ID, folder, submitted(0))).toMatchObject({ state: "running" });
    writeFileSync(join(folder, "swept"), "");
    expect(await observerAt(waiting).observe(ID, folder, submitted(0))).toMatchObject({ state: "ended", ended: { cause: "preempted" } });
  });

  it("has ended on its nodes where its record says so and Slurm does not say why yet", async () => {
    writeFileSync(join(folder, "job", "exit"), "3\n");
    expect(await observerAt(waiting, listed("COMPLETING", "n[1-2]")).observe(ID, folder, submitted(0))).toMatchObject({ state: "running", nodes: ["n1", "n2"], accelerators: [3] });
  });
});

describe("a task of an array that squeue does not list", () => {
  const handle = { at: 0, job: "11_8", ranks: false, limitMib: 0, array: { name: "drover-array-x", index: 8 } };
  const line = (shown: string) => `11|PENDING|Priority|ada|lab|gpu|normal|1||1||1795000000|N/A|N/A|1:00:00|10|0|NONE|${shown}|drover-array-x|`;
  const observerAt = (shown: string) => new Observer(new JobQueue({ run: (command: string) => Promise.resolve(command === "squeue" ? line(shown) : "") } as unknown as SlurmClient), () => Promise.resolve((gates += 1) > 0));

  it("was cancelled while it waited, where that lasts and others of the array are listed: Slurm keeps no other trace of it", async () => {
    const observer = observerAt("11_[0-7,9]");
    vi.useFakeTimers({ toFake: ["performance"] });
    expect(await observer.observe(ID, folder, handle)).toEqual({ state: "starting" }); // it may just be about to start
    vi.advanceTimersByTime(21_000);
    expect(await observer.observe(ID, folder, handle)).toMatchObject({ state: "ended", startedAt: null, ended: { cause: "stopped" } });
    expect(gates).toBe(1);
    vi.useRealTimers();
  });
  it("waits where the array's record has it", async () => {
    expect(await observerAt("11_[0-9]").observe(ID, folder, handle)).toMatchObject({ state: "starting", scheduler: { job: "11_8", state: "PENDING" } });
  });
  it("is not known to be over where nothing of the array is listed", async () => {
    expect(await observerAt("12_[0-9]").observe(ID, folder, handle)).toEqual({ state: "starting" });
  });
});

describe("a task of an array that Slurm preempts", () => {
  const handle = { at: 0, job: "11_8", ranks: false, limitMib: 0, array: { name: "drover-array-x", index: 8 } };
  const line = (raw: string, preempted: string, shown: string) => `${raw}|RUNNING|None|ada|lab|gpu|normal|1|n1|1||1795000000|1795000001|N/A|1:00:00|10|0|${preempted}|${shown}|drover-array-x|`;
  const LINES = [line("12", "NONE", "11_7"), line("13", "1795000100", "11_8"), line("11", "NONE", "11_9")];
  /** @param answers What becomes of each scancel. */
  function observerOn(...answers: (() => Promise<string>)[]) {
    const told: string[][] = [];
    const run = (program: string, args: string[]) => (program === "squeue" ? Promise.resolve(LINES.join("\n")) : (told.push([program, ...args]), (answers.shift() ?? (() => Promise.resolve("")))()));
    return { told, observer: new Observer(new JobQueue({ run } as unknown as SlurmClient), () => Promise.resolve(false)) };
  }
  const TELLS = ["scancel", "--quiet", "--name=drover-array-x", "--full", "--signal=TERM", "--state=RUNNING", "11_8"];
  beforeEach(() => writeFileSync(join(folder, "job", "started"), ""));

  it("is told once, and no other of its array is", async () => {
    const { told, observer } = observerOn();
    for (let looks = 0; looks < 2; looks += 1) expect(await observer.observe(ID, folder, handle)).toMatchObject({ state: "running", scheduler: { job: "11_8" } });
    expect(told).toEqual([TELLS]);
  });
  it("is told again at the next look where Slurm could not be asked", async () => {
    const { told, observer } = observerOn(() => Promise.reject(new NotNow("away")));
    for (let looks = 0; looks < 3; looks += 1) await observer.observe(ID, folder, handle);
    expect(told).toEqual([TELLS, TELLS]);
  });
});
