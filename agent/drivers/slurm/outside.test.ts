import { describe, expect, it } from "vitest";
import type { SlurmAccounting } from "./accounting.ts";
import { type SlurmClient, SlurmRefused } from "./client.ts";
import { parseOutside, SlurmOutside } from "./outside.ts";
import type { JobQueue } from "./queue.ts";

const BOOKS = { keeps: true, gpus: true, shards: false };
const LINES = [
  "41|1795975691|1795975695|eve|physics|billing=6,cpu=6,gres/gpu:h100=2,gres/gpu=2,mem=600M,node=2|n[01-02]|md-long",
  "42|1795975700|Unknown|eve||billing=1,cpu=1,mem=300M,node=1|n01|a|b",
  "43|Unknown|Unknown|eve|physics||None assigned|waits",
  "44|1795975691|1795975695|drover|root|cpu=1,mem=300M,node=1|n01|drover-att_a",
  "45|None|1795975695|eve|physics||None assigned|never",
  "47|1795975691|1795975695|drover|root|cpu=1,mem=300M,node=1|n01|drover-array-0f3c",
];

function world(answer: () => Promise<string>, { keeps = true, alive = ["42"] } = {}) {
  const asked: string[][] = [];
  const client = { run: (program: string, args: string[]) => (asked.push([program, ...args]), answer()) } as unknown as SlurmClient;
  const queue = { refresh: () => Promise.resolve(), reachable: true, jobs: () => alive.map((id) => ({ id, state: "RUNNING" })) } as unknown as JobQueue;
  const accounting = { readBooks: () => Promise.resolve({ ...BOOKS, keeps }) } as unknown as SlurmAccounting;
  return { asked, outside: new SlurmOutside(client, queue, accounting) };
}

describe("what Slurm's accounting says of jobs from outside", () => {
  it("is who held what of which nodes, without Drover's own jobs, alone or in an array, and those that never had a node", () => {
    const jobs = LINES.map((line) => parseOutside(line, BOOKS, (job) => job === "42"));
    expect(jobs).toEqual([
      { job: "41", name: "md-long", user: "eve", account: "physics", nodes: ["n01", "n02"], startedAt: 1_795_975_691_000, endedAt: 1_795_975_695_000, isAlive: false, cpus: 6, memoryMib: 600, gpus: 2, shares: 0 },
      { job: "42", name: "a|b", user: "eve", account: "", nodes: ["n01"], startedAt: 1_795_975_700_000, endedAt: null, isAlive: true, cpus: 1, memoryMib: 300, gpus: 0, shares: 0 },
      null, null, null, null,
    ]);
  });

  it("is asked of everybody's jobs, each stretch of them, since a moment; what has no end lives only where squeue has it too", async () => {
    const { asked, outside } = world(() => Promise.resolve(LINES.join("\n")), { alive: [] });
    const answer = await outside.read(90.2);
    expect(answer.kind === "told" && answer.jobs.map(({ job, isAlive }) => `${job} ${isAlive}`)).toEqual(["41 false", "42 false"]);
    expect(asked[0]!.slice(0, 9)).toEqual(["sacct", "-n", "-P", "-X", "-D", "-a", "--noconvert", "-S", "now-91seconds"]);
  });

  it("is nothing where Slurm keeps no accounting, and comes later where it cannot be asked", async () => {
    expect(await world(() => Promise.resolve(""), { keeps: false }).outside.read(60)).toMatchObject({ kind: "none" });
    expect(await world(() => Promise.reject(new SlurmRefused("slurmdbd is away"))).outside.read(60)).toEqual({ kind: "later", why: "slurmdbd is away" });
  });
});
