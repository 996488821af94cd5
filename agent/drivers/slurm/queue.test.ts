import { describe, expect, it } from "vitest";
import type { SlurmClient } from "./client.ts";
import { JobQueue, jobName } from "./queue.ts";

/** Answers as Slurm's commands do, from these lines. */
function queueOf(squeue: string[], sacct: string[]): JobQueue {
  const run = (command: string) => Promise.resolve((command === "squeue" ? squeue : sacct).join("\n"));
  return new JobQueue({ run } as unknown as SlurmClient);
}
const listed = (id: string, name: string, state = "PENDING") => `${id}|${state}|Priority|ada|lab|gpu|normal|1||1||1795000000|N/A|N/A|1:00:00|10|0|NONE|${name}|`;
const past = (id: string, name: string, state: string) => `${id}|${name}|${state}|0:0|1795000000|1795000060|n1|None`;

describe("a job's number that Slurm gives a second time", () => {
  it("is not taken for the attempt's job in the queue", async () => {
    const queue = queueOf([listed("5", "somebody-elses"), listed("6", jobName("att_b"))], []);
    await queue.refresh();
    expect(queue.find("5", "att_a")).toBeUndefined();
    expect(queue.find("6", "att_b")).toMatchObject({ id: "6", state: "PENDING", reason: "Priority" });
  });
  it("is told apart in accounting by the attempt's name", async () => {
    const queue = queueOf([], [past("5", "somebody-elses", "FAILED"), past("5", jobName("att_a"), "COMPLETED")]);
    expect(await queue.remembered("5", "att_a")).toMatchObject({ state: "COMPLETED" });
    expect(await queue.remembered("5", "att_b")).toBeNull();
  });
});

describe("a job whose start is on record", () => {
  /** Each look at squeue finds the next of these. */
  const looksAt = (...looks: string[][]) => new JobQueue({ run: () => Promise.resolve((looks.length > 1 ? looks.shift()! : looks[0]!).join("\n")) } as unknown as SlurmClient);
  const running = listed("5", jobName("att_a"), "RUNNING");

  it.each([["does not list it yet", []], ["has it waiting", [listed("5", jobName("att_a"))]]])("is looked for again where the last look, and one that was under way, %s", async (_, old) => {
    const queue = looksAt(old, old, [running]);
    await queue.refresh();
    expect(await queue.begun("5", "att_a")).toMatchObject({ state: "RUNNING" });
  });
  it("is not looked for again where it is known", async () => {
    const queue = looksAt([running], []);
    await queue.refresh();
    expect(await queue.begun("5", "att_a")).toMatchObject({ state: "RUNNING" });
  });
  it("is given up where squeue has forgotten it, or cannot be asked", async () => {
    expect(await looksAt([]).begun("5", "att_a")).toBeUndefined();
    let asked = 0;
    const away = new JobQueue({ run: () => Promise.reject(new Error(`away ${(asked += 1)}`)) } as unknown as SlurmClient);
    expect(await away.begun("5", "att_a")).toBeUndefined();
    expect(asked).toBe(1);
  });
});
