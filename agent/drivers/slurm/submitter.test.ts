import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { plainAsk } from "../contract.ts";
import { type Launch, NotNow } from "../driver.ts";
import { type SlurmClient, SlurmRefused } from "./client.ts";
import { Handles } from "./handle.ts";
import { mostTasks, Submitter } from "./submitter.ts";

interface Call {
  name: string;
  array: string | null;
  /** What the journal had of every attempt when sbatch was called. */
  journal: (string | null)[];
}
let root: string;
let launches: Launch[];
let calls: Call[];
/** Answers the next sbatch; by default it takes it. */
let answer: (call: Call) => Promise<string>;
let config: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "drover-submitter-"));
  [launches, calls, answer, config] = [[], [], () => Promise.resolve(String(10 + calls.length)), "MaxArraySize            = 1001\n"];
});
afterEach(() => rm(root, { recursive: true, force: true }));

const journal = async ({ folder }: Launch) => {
  const text = await readFile(path.join(folder, "slurm.json"), "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as { job: string | null; array: { name: string; index: number } | null });
};
async function launch(more: Partial<Launch> = {}): Promise<Launch> {
  const attemptId = `att_${launches.length}`;
  const folder = path.join(root, attemptId);
  await mkdir(folder);
  launches.push({ attemptId, folder, command: ["true"], env: {}, workingDirectory: folder, memoryMib: 0, runAs: null, ask: plainAsk(), ...more });
  return launches.at(-1)!;
}
const several = (count: number) => Array.from({ length: count }).reduce<Promise<Launch[]>>(async (all) => [...(await all), await launch()], Promise.resolve([]));
const client = {
  run: () => (config === "" ? Promise.reject(new NotNow("away")) : Promise.resolve(config)),
  sbatch: async (args: string[]) => {
    const of = (name: string) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? null;
    const seen = await Promise.all(launches.map(journal));
    calls.push({ name: of("job-name")!, array: of("array"), journal: seen.map((handle) => handle?.array?.name ?? (handle ? "alone" : null)) });
    await new Promise((resolve) => setTimeout(resolve, 30));
    return answer(calls.at(-1)!);
  },
} as unknown as SlurmClient;
const submitter = (arrays = true) => new Submitter(client, new Handles(), { links: path.join(root, "tasks"), arrays });
const start = (by: Submitter, one: Launch, needs: string[] = []) => by.submit({ launch: one, needs, handle: null }, Promise.resolve());

describe("starts that come together", () => {
  it("are one array, of which the journal has every task before Slurm hears of it, and every number after", async () => {
    const [by, all] = [submitter(), await several(3)];
    await Promise.all(all.map((one) => start(by, one)));
    expect(calls).toMatchObject([{ array: "0,1,2" }]);
    expect(calls[0]!.journal).toEqual([calls[0]!.name, calls[0]!.name, calls[0]!.name]);
    expect((await Promise.all(all.map(journal))).map((handle) => handle!.job)).toEqual(["11_0", "11_1", "11_2"]);
  });
  it("go as they come where they need different things; one that comes alone is a job by its own name", async () => {
    const [by, all] = [submitter(), await several(3)];
    await Promise.all(all.map((one, at) => start(by, one, at === 1 ? ["--mem=1M"] : [])));
    expect(calls.map(({ array }) => array).toSorted()).toEqual(["0,1", null]);
    expect(calls.find(({ array }) => array === null)!.name).toBe("drover-att_1");
  });
  it("wait for those before them, which are under way", async () => {
    const [by, all] = [submitter(), await several(4)];
    const first = start(by, all[0]!);
    await new Promise((resolve) => setTimeout(resolve, 15));
    await Promise.all([first, ...all.slice(1).map((one) => start(by, one))]);
    expect(calls.map(({ array }) => array)).toEqual([null, "0,1,2"]);
  });
  it.each([["where the policy has no arrays", false, "MaxArraySize = 1001\n"], ["where Slurm has none", true, "MaxArraySize = 0\n"], ["where Slurm cannot be asked", true, ""]])("are jobs of their own %s", async (_, arrays, said) => {
    config = said;
    const [by, all] = [submitter(arrays), await several(3)];
    await Promise.all(all.map((one) => start(by, one)));
    expect(calls.map(({ name }) => name).toSorted()).toEqual(all.map(({ attemptId }) => `drover-${attemptId}`));
  });
  it("are no more than Slurm takes in one array, nor than 200", async () => {
    config = "MaxArraySize            = 2\n";
    const [by, all] = [submitter(), await several(4)];
    await Promise.all(all.map((one) => start(by, one)));
    expect(calls.map(({ array }) => array)).toEqual(["0,1", "0,1"]);
    expect(mostTasks("MaxArraySize            = 1001")).toBe(200);
  });
});

describe("an array that Slurm", () => {
  it("refuses is asked for task by task, under the same name: some may be taken", async () => {
    answer = ({ array }) => (array === "1" ? Promise.resolve("77") : Promise.reject(new SlurmRefused("sbatch: QOSMaxSubmitJobPerUserLimit")));
    const [by, all] = [submitter(), await several(3)];
    const told = await Promise.allSettled(all.map((one) => start(by, one)));
    expect(told.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected"]);
    expect(calls.map(({ array }) => array)).toEqual(["0,1,2", "0", "1", "2"]);
    expect(new Set(calls.map(({ name }) => name)).size).toBe(1);
    expect((await journal(all[1]!))!.job).toBe("77_1");
  });
  it("may have heard of keeps its name and its tasks their indexes, whoever of them comes again", async () => {
    answer = () => Promise.reject(new NotNow("sbatch: away"));
    const [by, all] = [submitter(), await several(4)];
    for (const told of await Promise.allSettled(all.map((one) => start(by, one)))) expect(told).toMatchObject({ status: "rejected", reason: expect.any(NotNow) as unknown });
    const fresh = await launch();
    answer = () => Promise.resolve("20");
    const next = submitter();
    const again = await Promise.all([all[1]!, fresh, all[3]!].map(async (one) => ({ launch: one, needs: [], handle: await new Handles().read(one.folder) })));
    await Promise.all(again.map((one) => next.submit(one, Promise.resolve())));
    expect(calls.slice(1).toSorted((a, b) => (a.array ?? "").localeCompare(b.array ?? ""))).toMatchObject([{ name: "drover-att_4", array: null }, { name: calls[0]!.name, array: "1,3" }]);
  });
});
