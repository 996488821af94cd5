import { describe, expect, it } from "vitest";
import { foldParts, parseAccounted, parseBooks, SlurmAccounting } from "./accounting.ts";
import { type SlurmClient, SlurmRefused } from "./client.ts";
import type { Handles } from "./handle.ts";

const CONFIG = `AccountingStorageEnforce = associations,limits,qos
AccountingStorageTRES   = cpu,mem,energy,node,billing,fs/disk,vmem,pages,gres/gpu,gres/gpu:h100
AccountingStorageType   = accounting_storage/slurmdbd
`;
/** As Slurm 22.05's sacct printed them: two nodes with a GPU each, a job that was suspended, one that was requeued and waits, one that never started. */
const LINES = [
  "1|1|drover-att_a|COMPLETED|1795975691|1795975695|4|00:00:00|billing=6,cpu=6,gres/gpu:h100=2,gres/gpu=2,mem=600M,node=2|n[01-02]",
  "2|2|drover-att_b|COMPLETED|1795975691|1795975703|8|00:00:04|billing=1,cpu=1,mem=300M,node=1|n01",
  "3|3|drover-att_c|REQUEUED|1795975691|1795975693|2|00:00:00|billing=1,cpu=1,mem=300M,node=1|n01",
  "4|4|drover-att_d|CANCELLED by 0|None|1795975695|0|00:00:00||None assigned",
  "3|3|drover-att_c|PENDING|Unknown|Unknown|0|00:00:00||None assigned",
];
const KEEPS = { keeps: true, gpus: true, shards: false };

describe("Slurm's accounting", () => {
  it("says of a job when it ran, for how long without its suspension, and what it was given in all", () => {
    const [a, b, c, d, again] = LINES.map((line) => parseAccounted(line, KEEPS)!.part);
    expect(a).toEqual({ job: "1", state: "COMPLETED", nodes: "n[01-02]", nodeCount: 2, startedAt: 1_795_975_691_000, endedAt: 1_795_975_695_000, heldSeconds: 4, suspendedSeconds: 0, cpus: 6, memoryMib: 600, gpus: 2 });
    expect(b).toMatchObject({ heldSeconds: 8, suspendedSeconds: 4, gpus: 0 });
    expect([c, again]).toMatchObject([{ state: "REQUEUED", heldSeconds: 2 }, { state: "PENDING", startedAt: null, endedAt: null, heldSeconds: 0 }]);
    expect(d).toMatchObject({ state: "CANCELLED", startedAt: null, endedAt: 1_795_975_695_000, nodes: "", cpus: 0, memoryMib: 0 });
  });

  it("is no witness of GPUs where it does not keep them, and none at all without slurmdbd", () => {
    expect(parseBooks(CONFIG)).toEqual(KEEPS);
    expect(parseBooks(CONFIG.replace(",gres/gpu,gres/gpu:h100", ""))).toEqual({ keeps: true, gpus: false, shards: false });
    expect(parseBooks(CONFIG.replace("/slurmdbd", "/none"))).toMatchObject({ keeps: false });
    expect(parseAccounted(LINES[0]!, { ...KEEPS, gpus: false })!.part.gpus).toBeNull();
  });

  it("says of shards how many, where it keeps them, and nothing where it does not", () => {
    const line = "5|5|drover-att_e|COMPLETED|1795975691|1795975695|4|00:00:00|billing=1,cpu=1,gres/shard=3,mem=100M,node=1|n01";
    expect(parseBooks(CONFIG.replace("gres/gpu:h100", "gres/gpu:h100,gres/shard"))).toEqual({ ...KEEPS, shards: true });
    expect(parseAccounted(line, { ...KEEPS, shards: true })!.part).toMatchObject({ gpus: 0, shares: 3 });
    expect(parseAccounted(line, KEEPS)!.part).not.toHaveProperty("shares");
  });

  it("is asked once for all, and answers for each attempt by its job's number and name", async () => {
    const asked: string[] = [];
    const run = (program: string, args: string[]) => Promise.resolve(program === "scontrol" ? CONFIG : (asked.push(args.join(" ")), [...LINES, "2|2|somebody-elses|COMPLETED|1795975000|1795975010|10|00:00:00|cpu=32,node=1|n03"].join("\n")));
    const answer = await new SlurmAccounting({ run } as unknown as SlurmClient, {} as Handles).read(new Map([["att_b", "2"], ["att_c", "3"], ["att_x", "9"]]));
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain("-j 2,3,9");
    expect(answer.kind === "told" && [...answer.parts].map(([id, parts]) => [id, parts.map(({ heldSeconds }) => heldSeconds)])).toEqual([["att_b", [8]], ["att_c", [2, 0]], ["att_x", []]]);
  });

  it("answers for tasks of a job array each by itself, and for one that was cancelled with the rest of its array before it started", async () => {
    const lines = ["12|11_0|drover-array-x|COMPLETED|1795975691|1795975695|4|00:00:00|cpu=1,mem=300M,node=1|n01", "13|11_1|drover-array-x|FAILED|1795975691|1795975700|9|00:00:00|cpu=1,mem=300M,node=1|n02", "11|11|drover-array-x|CANCELLED by 0|None|1795975700|0|00:00:00||None assigned", "14|11_3|drover-array-x|COMPLETED|1795975691|1795975695|4|00:00:00|cpu=1|n01", "30|30_[4-9]|drover-array-y|PENDING|Unknown|Unknown|0|00:00:00||None assigned"];
    const asked: string[] = [];
    const run = (program: string, args: string[]) => Promise.resolve(program === "scontrol" ? CONFIG : (asked.push(args.join(" ")), lines.join("\n")));
    const accounting = new SlurmAccounting({ run } as unknown as SlurmClient, { read: () => Promise.resolve({ job: "11_1", array: { name: "drover-array-x", index: 1 } }) } as unknown as Handles);
    const job = await accounting.jobOf("");
    const answer = await accounting.read(new Map([["att_a", "11_0@drover-array-x"], ["att_b", job!], ["att_c", "11_2@drover-array-x"], ["att_d", "11_3@drover-array-z"], ["att_e", "30_4@drover-array-y"]]));
    expect(asked[0]).toContain("-j 11,30 ");
    expect(answer.kind === "told" && [...answer.parts].map(([id, parts]) => [id, parts.map((part) => [part.job, part.state, part.heldSeconds])])).toEqual([
      ["att_a", [["11_0", "COMPLETED", 4]]], ["att_b", [["11_1", "FAILED", 9]]], ["att_c", [["11", "CANCELLED", 0]]], ["att_d", []], ["att_e", []],
    ]);
  });

  it("leaves out no stretch of a job that was requeued often, and knows no end while the newest has none", () => {
    const stretch = (at: number, endedAt: number | null, cpus = 1) => ({ ...parseAccounted(LINES[2]!, KEEPS)!.part, startedAt: at, endedAt, heldSeconds: at, cpus, gpus: 2 });
    const parts = Array.from({ length: 50 }, (_, at) => stretch(at + 1, at === 49 ? null : at + 2, at < 10 ? 4 : 1));
    const folded = foldParts(parts);
    const held = (of: typeof folded, what: (part: (typeof folded)[number]) => number) => of.reduce((sum, part) => sum + what(part) * part.heldSeconds, 0);
    expect([folded.length, folded.slice(1)]).toEqual([20, parts.slice(31)]);
    expect(folded[0]).toMatchObject({ startedAt: 1, endedAt: 32, memoryMib: 300, gpus: 2 });
    for (const what of [() => 1, ({ cpus }: { cpus: number }) => cpus]) expect(held(folded, what)).toBeCloseTo(held(parts, what));
    expect(folded.every(({ endedAt }) => endedAt !== null)).toBe(false);
    expect(foldParts(parts.slice(0, 20))).toEqual(parts.slice(0, 20));
  });

  it("says why where it cannot be asked", async () => {
    const of = (run: () => Promise<string>) => new SlurmAccounting({ run } as unknown as SlurmClient, {} as Handles).read(new Map([["att_a", "1"]]));
    expect(await of(() => Promise.resolve("AccountingStorageType   = accounting_storage/none\n"))).toMatchObject({ kind: "none" });
    expect(await of(() => Promise.reject(new SlurmRefused("sacct: access denied")))).toEqual({ kind: "later", why: "sacct: access denied" });
  });
});
