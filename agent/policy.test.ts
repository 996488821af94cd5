import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { DEFAULT_POLICY, loadPolicy, type Policy, policyInWords, refusalOf, withinPolicy, writeDefaultPolicy } from "./policy.ts";
import type { JobSpec, NodeReport } from "./protocol/messages.ts";
import { stateFolder } from "./state.ts";
import { spec } from "./testing/agent-process.ts";

const NONE = { attempts: 0, accelerators: 0, cpus: 0, memoryMib: 0 };
const policy = (part: Partial<Policy>): Policy => ({ ...DEFAULT_POLICY, ...part });
const refused = (part: Partial<Policy>, job: Partial<JobSpec> = {}, held = NONE) => refusalOf(policy(part), spec("python train.py", job), held);

describe("the machine's policy", () => {
  it("allows what it names by default", () => expect(refused({})).toBeNull());
  it.each([
    { rule: "commands", part: { commands: ["python3 .*"] } },
    { rule: "commands", part: { commands: [] } },
    { rule: "code.none", part: { code: { none: false, archive: true, git: [] } } },
    { rule: "code.archive", part: { code: { none: true, archive: false, git: [] } }, job: { code: { kind: "archive" as const, sha256: "0".repeat(64), bytes: 1 } } },
    { rule: "code.git", part: { code: { none: true, archive: true, git: ["https://git\\.example\\.com/.*"] } }, job: { code: { kind: "git" as const, url: "https://git.example.com.evil.org/x", ref: "main" } } },
    { rule: "envDenied", part: { envDenied: ["LD_.*"] }, job: { env: { LD_PRELOAD: "x.so" } } },
    { rule: "maxAttempts", part: { maxAttempts: 2 }, held: { ...NONE, attempts: 2 } },
    { rule: "maxAccelerators", part: { maxAccelerators: 4 }, job: { gpus: 2 }, held: { ...NONE, accelerators: 3 } },
    { rule: "maxCpus", part: { maxCpus: 1.5 }, job: { cpus: 2 } },
    { rule: "maxMemoryMib", part: { maxMemoryMib: 1000 }, job: { memoryMib: 600 }, held: { ...NONE, memoryMib: 500 } },
    { rule: "mounts", part: { mounts: ["/data"] }, job: { overrides: { mounts: ["/data/../etc"] } } },
    { rule: "mounts", part: {}, job: { overrides: { mounts: [{ source: "/etc" }] } } },
  ])("refuses by $rule and names it", ({ rule, part, job, held }) => {
    expect(refused(part, job, held)).toContain(`policy.json, ${rule}`);
  });
  it("takes no owner for mapped who is not on the list, whatever words every list has: such a job would be the agent's own, root's", () => {
    const slurm = { partitions: [".*"], accounts: [".*"], qos: [".*"], reservations: [".*"], users: { "ada@lab.org": "ada" } };
    for (const owner of ["constructor", "toString", "__proto__", "hasOwnProperty", ""]) expect(refused({ slurm }, { owner })).toContain("policy.json, slurm.users");
    expect(refused({ slurm }, { owner: "ada@lab.org" })).toBeNull();
  });
  it("counts a secret as a variable that the run sets", () => {
    const job = spec("python train.py", { secrets: { values: {}, missing: [] } });
    expect(refusalOf(policy({ envDenied: ["LD_.*"] }), job, NONE, ["HF_TOKEN", "LD_PRELOAD"])).toContain("policy.json, envDenied: a run may not set LD_PRELOAD.");
    expect(refusalOf(policy({ envDenied: ["LD_.*"] }), job, NONE, ["HF_TOKEN"])).toBeNull();
  });
  it("matches whole texts, over line ends", () => {
    expect(refused({ commands: ["python"] })).toContain("commands");
    expect(refused({ commands: ["python.*"] }, { command: "python a.py\nrm -rf x" })).toBeNull();
    expect(refused({ commands: ["python [^\\n;&|]*"] }, { command: "python a.py\nrm -rf x" })).toContain("commands");
  });
  it("allows a mount below a folder that it names", () => expect(refused({ mounts: ["/data"] }, { overrides: { mounts: ["/data/set"] } })).toBeNull());
  it("shows the server no more than it allows", () => {
    const node: NodeReport = { name: "n", cpus: 64, memoryMib: 1000, diskMib: 1, state: "up", stateReason: null, accelerators: [0, 1, 2].map((index) => ({ index, uuid: `${index}`, model: "m", memoryMib: 1, health: "ok", healthReason: null, attemptId: null })) };
    expect(withinPolicy(policy({ maxCpus: 8, maxMemoryMib: 500, maxAccelerators: 2 }), node)).toMatchObject({ cpus: 8, memoryMib: 500, accelerators: [{ index: 0 }, { index: 1 }] });
    expect(withinPolicy(DEFAULT_POLICY, node)).toEqual(node);
  });
  it("says itself in words", () => {
    expect(policyInWords(policy({ shared: [{ gpu: 0, shares: 4, by: "mps" }, { gpu: "*", shares: 2, by: "time-slice" }] }))).toMatch(/Shared by MPS: GPU 0, in 4\.\nShared in turns: every GPU, in 2\./);
    expect(policyInWords(policy({ commands: ["python .*"], maxCpus: 8, envDenied: ["LD_.*"] }))).toMatch(/Commands: python \.\*\.[^]*LD_\.\*[^]*At once, at most: 8 CPU cores\./);
  });
});

describe("the policy file", () => {
  const folders: string[] = [];
  const folder = async () => {
    const made = await mkdtemp(path.join(os.tmpdir(), "drover-policy-"));
    folders.push(made);
    return stateFolder(made);
  };
  afterAll(() => Promise.all(folders.map((each) => rm(each, { recursive: true }))));

  it("is written once, with the defaults, and never overwritten", async () => {
    const state = await folder();
    await writeDefaultPolicy(state);
    expect(JSON.parse(await readFile(state.policy, "utf8"))).toEqual(DEFAULT_POLICY);
    await writeFile(state.policy, JSON.stringify({ ...DEFAULT_POLICY, maxAttempts: 3 }));
    await writeDefaultPolicy(state);
    expect((await loadPolicy(state)).maxAttempts).toBe(3);
  });
  it.each([
    { says: "a rule that does not exist", text: JSON.stringify({ ...DEFAULT_POLICY, maxGpus: 1 }), names: "maxGpus" },
    { says: "a pattern that is none", text: JSON.stringify({ ...DEFAULT_POLICY, commands: ["("] }), names: "commands" },
    { says: "no JSON", text: "{", names: "policy.json" },
  ])("with $says stops the agent and is named", async ({ text, names }) => {
    const state = await folder();
    await writeFile(state.policy, text);
    await expect(loadPolicy(state)).rejects.toThrow(names);
  });
});
