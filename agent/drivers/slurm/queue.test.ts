import { describe, expect, it } from "vitest";
import type { SlurmClient } from "./client.ts";
import { JobQueue, jobName } from "./queue.ts";

/** Answers as Slurm's commands do, from these lines. */
function queueOf(squeue: string[], sacct: string[]): JobQueue {
  const run = (command: string) => Promise.resolve((command === "squeue" ? squeue : sacct).join("\n"));
  return new JobQueue({ run } as unknown as SlurmClient);
}
const listed = (id: string, name: string) => `${id}|PENDING|Priority|ada|lab|gpu|normal|1||1||1795000000|N/A|N/A|1:00:00|10|0|${name}|`;
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
