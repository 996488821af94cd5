import { describe, expect, it } from "vitest";
import type { SlurmClient } from "./client.ts";
import { type Called, jobName } from "./names.ts";
import { JobQueue } from "./queue.ts";

/** Answers as Slurm's commands do, from these lines. */
function queueOf(squeue: string[], sacct: string[]): JobQueue {
  const run = (command: string) => Promise.resolve((command === "squeue" ? squeue : sacct).join("\n"));
  return new JobQueue({ run } as unknown as SlurmClient);
}
/** @param shown Of an array: its number and tasks. */
const listed = (id: string, name: string, state = "PENDING", shown = id) => `${id}|${state}|Priority|ada|lab|gpu|normal|1||1||1795000000|N/A|N/A|1:00:00|10|0|NONE|${shown}|${name}|`;
const past = (id: string, name: string, state: string, shown = id) => `${id}|${shown}|${name}|${state}|0:0|1795000000|1795000060|n1|None`;
const single = (attemptId: string): Called => ({ name: jobName(attemptId), index: null });

describe("a job's number that Slurm gives a second time", () => {
  it("is not taken for the attempt's job in the queue", async () => {
    const queue = queueOf([listed("5", "somebody-elses"), listed("6", jobName("att_b"))], []);
    await queue.refresh();
    expect(queue.find("5", single("att_a"))).toBeUndefined();
    expect(queue.find("6", single("att_b"))).toMatchObject({ id: "6", state: "PENDING", reason: "Priority" });
  });
  it("is told apart in accounting by the attempt's name", async () => {
    const queue = queueOf([], [past("5", "somebody-elses", "FAILED"), past("5", jobName("att_a"), "COMPLETED")]);
    expect(await queue.remembered("5", single("att_a"))).toMatchObject({ state: "COMPLETED" });
    expect(await queue.remembered("5", single("att_b"))).toBeNull();
  });
});

describe("a job whose start is on record", () => {
  /** Each look at squeue finds the next of these. */
  const looksAt = (...looks: string[][]) => new JobQueue({ run: () => Promise.resolve((looks.length > 1 ? looks.shift()! : looks[0]!).join("\n")) } as unknown as SlurmClient);
  const running = listed("5", jobName("att_a"), "RUNNING");

  it.each([["does not list it yet", []], ["has it waiting", [listed("5", jobName("att_a"))]]])("is looked for again where the last look, and one that was under way, %s", async (_, old) => {
    const queue = looksAt(old, old, [running]);
    await queue.refresh();
    expect(await queue.begun("5", single("att_a"))).toMatchObject({ state: "RUNNING" });
  });
  it("is not looked for again where it is known", async () => {
    const queue = looksAt([running], []);
    await queue.refresh();
    expect(await queue.begun("5", single("att_a"))).toMatchObject({ state: "RUNNING" });
  });
  it("is given up where squeue has forgotten it, or cannot be asked", async () => {
    expect(await looksAt([]).begun("5", single("att_a"))).toBeUndefined();
    let asked = 0;
    const away = new JobQueue({ run: () => Promise.reject(new Error(`away ${(asked += 1)}`)) } as unknown as SlurmClient);
    expect(await away.begun("5", single("att_a"))).toBeUndefined();
    expect(asked).toBe(1);
  });
});

describe("a task of a job array", () => {
  const task = (index: number): Called => ({ name: "drover-array-x", index });
  const waiting = listed("11", "drover-array-x", "PENDING", "11_[2-3,9-13:2%1]");

  it.each([2, 3, 9, 11, 13])("that waits is found in the one record of those that wait: %i", async (index) => {
    const queue = queueOf([waiting], []);
    await queue.refresh();
    expect(queue.find(`11_${index}`, task(index))).toMatchObject({ id: `11_${index}`, state: "PENDING", isApart: false });
    expect(queue.named(task(index))).toHaveLength(1);
    expect(queue.find("11", task(index))).toBeUndefined(); // that is the array's number, until the last of it starts
  });
  it("that runs is found by its own number and by the array's, and is nobody else", async () => {
    const queue = queueOf([waiting, listed("12", "drover-array-x", "RUNNING", "11_0"), listed("20", "drover-array-y", "RUNNING", "11_1")], []);
    await queue.refresh();
    for (const id of ["12", "11_0"]) expect(queue.find(id, task(0))).toMatchObject({ id: "11_0", raw: "12", isApart: true });
    expect(queue.find("11_1", task(1))).toBeUndefined();
    expect(queue.find("12", task(2))).toBeUndefined();
  });
  it("that was cancelled with all that was left of its array is over, and those that ran before are what they were", async () => {
    const queue = queueOf([listed("11", "drover-array-x", "CANCELLED", "11"), listed("12", "drover-array-x", "COMPLETED", "11_0")], [past("30", "drover-array-x", "CANCELLED by 0")]);
    await queue.refresh();
    expect(queue.find("11_5", task(5))).toMatchObject({ state: "CANCELLED" });
    expect(queue.find("11_0", task(0))).toMatchObject({ state: "COMPLETED" });
    expect(queue.named(task(5))).toEqual([]); // of a second array of the same name nothing is known by it
    expect(await queue.remembered("30_5", task(5))).toMatchObject({ state: "CANCELLED" });
  });
  it("is remembered by its own number and by the array's, which is asked for once", async () => {
    const asked: string[][] = [];
    const lines = [past("12", "drover-array-x", "FAILED", "11_0"), past("13", "drover-array-x", "COMPLETED", "11_1"), past("11", "drover-array-x", "PENDING", "11_[2-9]")];
    const queue = new JobQueue({ run: (_: string, args: string[]) => (asked.push(args), Promise.resolve(lines.join("\n"))) } as unknown as SlurmClient);
    const told = await Promise.all([queue.remembered("12", task(0)), queue.remembered("11_0", task(0)), queue.remembered("11_1", task(1)), queue.remembered("11_4", task(4)), queue.remembered("11_77", task(77))]);
    expect(told.map((job) => job?.state)).toEqual(["FAILED", "FAILED", "COMPLETED", "PENDING", undefined]);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain("12,11");
  });
});
