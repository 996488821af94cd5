import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callOver, SWEPT, untilGone } from "./gone.ts";
import type { JobSeen } from "./states.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drover-gone-"));
  mkdirSync(join(folder, "job"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const begin = (nodes: string) => {
  mkdirSync(join(folder, "job/gate"));
  writeFileSync(join(folder, "job/id"), "7\n");
  writeFileSync(join(folder, "job/host"), `login\n${nodes}\n`);
};
const record = () => writeFileSync(join(folder, "job/exit"), "137\n");
/** Whether it is known at once that nothing runs, with what squeue says of job 7. */
async function isGone(nodes: string | null, state = "CANCELLED", withinMs = 4_000): Promise<boolean> {
  const job: JobSeen = { id: "7", raw: "7", index: null, name: "drover-att_a", state, reason: null, nodes: nodes ?? "", startedAt: null, endedAt: null, exitCode: null };
  const gone = untilGone("att_a", folder, (id) => (id === "7" && nodes !== null ? job : undefined)).then(() => true);
  const is = await Promise.race([gone, new Promise<boolean>((resolve) => setTimeout(() => resolve(false), withinMs))]);
  record(); // ends what waits
  await gone;
  return is;
}

describe("nothing of a job runs", () => {
  it("where it never came through its gate, or the agent shut that", async () => {
    expect(await isGone(null)).toBe(true);
    mkdirSync(join(folder, "job/gate"));
    writeFileSync(join(folder, "precluded"), "");
    expect(await isGone(null)).toBe(true);
  });

  it("where Slurm ended it on all nodes that it began on", async () => {
    begin("n[1-2]");
    expect(await isGone("n[1-2]", "FAILED")).toBe(true);
  });

  it.each([["does not list it", null, "CANCELLED"], ["dropped it as one that waits", "", "CANCELLED"], ["ended it elsewhere", "n3", "FAILED"], ["still has it", "n[1-2]", "RUNNING"]])("once its command's end is on record, where Slurm %s", async (_, nodes, state) => {
    begin("n[1-2]");
    expect(await isGone(nodes, state, 300)).toBe(false);
    expect(await isGone(nodes, state)).toBe(true);
  });
});

it("a command's end counts where it was on record before its attempt was called over", async () => {
  await callOver(folder);
  expect(existsSync(join(folder, SWEPT))).toBe(true);
  rmSync(join(folder, SWEPT));
  record();
  await callOver(folder);
  expect(existsSync(join(folder, SWEPT))).toBe(false);
});
