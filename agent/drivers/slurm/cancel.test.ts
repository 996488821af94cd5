import { expect, it } from "vitest";
import { cancel } from "./cancel.ts";
import type { SlurmClient } from "./client.ts";
import { JobQueue } from "./queue.ts";

const NAME = "drover-array-x";
const line = (raw: string, state: string, shown: string, name = NAME) => `${raw}|${state}|None|root|lab|gpu|normal|1||1||1795000000|N/A|N/A|1:00:00|10|0|NONE|${shown}|${name}|`;
const LINES = [line("11", "PENDING", "11_[8-9]"), line("12", "RUNNING", "11_0"), line("20", "PENDING", "20", "drover-att_a")];

/** @param refused What Slurm will not change. */
async function world(refused: readonly string[] = []) {
  const calls: string[][] = [];
  const run = (program: string, args: string[]) => {
    if (program === "squeue") return Promise.resolve(LINES.join("\n"));
    calls.push([program, ...args]);
    return refused.some((id) => args.includes(`jobid=${id}`)) ? Promise.reject(new Error("refused")) : Promise.resolve("");
  };
  const queue = new JobQueue({ run } as unknown as SlurmClient);
  await queue.refresh();
  return { queue, calls };
}

it("a task that waits with others of its array gets a record of its own before it is cancelled: else all of them would be", async () => {
  const { queue, calls } = await world();
  await cancel(queue, { name: NAME, index: 8 }, ["11_8"], "--state=PENDING");
  expect(calls).toEqual([["scontrol", "update", "jobid=11_8", `comment=drover: ${NAME}`], ["scancel", "--quiet", `--name=${NAME}`, "--state=PENDING", "11_8"]]);
});

it("and is left alone where Slurm gives it none", async () => {
  const { queue, calls } = await world(["11_8"]);
  await cancel(queue, { name: NAME, index: 8 }, ["11_8"]);
  expect(calls.map(([program]) => program)).toEqual(["scontrol"]);
});

it("one that runs, and a job that is in no array, are cancelled at once", async () => {
  const { queue, calls } = await world();
  await cancel(queue, { name: NAME, index: 0 }, ["11_0"]);
  await cancel(queue, { name: "drover-att_a", index: null }, ["20"]);
  expect(calls).toEqual([["scancel", "--quiet", `--name=${NAME}`, "11_0"], ["scancel", "--quiet", "--name=drover-att_a", "20"]]);
});
