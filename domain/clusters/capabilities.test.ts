import { describe, expect, it } from "vitest";
import { RunSpec, type RunSpecInput } from "../experiments/run-spec.ts";
import { unsupportedFields, type Capabilities } from "./capabilities.ts";

const process: Capabilities = { driver: "process", maxNodes: 1, launchers: ["none", "torchrun", "mpi"], git: true, checkpoint: true, overrides: [], memoryLimit: "cgroup", interactive: true };
const slurm: Capabilities = { driver: "slurm", maxNodes: 16, launchers: ["none", "torchrun", "mpi"], git: true, checkpoint: true, overrides: ["partition", "account", "qos", "reservation", "constraint", "nodelist", "exclude", "exclusive"], memoryLimit: "cgroup", interactive: true };
const DRIVERS = { process, slurm };

const base: RunSpecInput = { name: "a", project: "p", command: "true" };
type Answer = "honoured" | "refused";

/** Each field of a spec with a value that is not its default, and what becomes of it on each driver. */
const FIELDS: Record<string, { with: Partial<RunSpecInput>; process: Answer; slurm: Answer }> = {
  name: { with: { name: "b" }, process: "honoured", slurm: "honoured" },
  project: { with: { project: "q" }, process: "honoured", slurm: "honoured" },
  experiment: { with: { experiment: "e" }, process: "honoured", slurm: "honoured" },
  command: { with: { command: ["x", "y"] }, process: "honoured", slurm: "honoured" },
  code: { with: { code: { kind: "git", url: "https://example.test/x.git" } }, process: "honoured", slurm: "honoured" },
  env: { with: { env: { A: "1" } }, process: "honoured", slurm: "honoured" },
  secrets: { with: { secrets: ["HF_TOKEN"] }, process: "honoured", slurm: "honoured" },
  params: { with: { params: { lr: 1 } }, process: "honoured", slurm: "honoured" },
  "resources.cpus": { with: { resources: { cpus: 4 } }, process: "honoured", slurm: "honoured" },
  "resources.memory": { with: { resources: { memory: "4GiB" } }, process: "honoured", slurm: "honoured" },
  "resources.gpus": { with: { resources: { gpus: 2 } }, process: "honoured", slurm: "honoured" },
  "resources.gpuModel": { with: { resources: { gpus: 1, gpuModel: "H100" } }, process: "honoured", slurm: "honoured" },
  "resources.nodes": { with: { resources: { nodes: 2 } }, process: "refused", slurm: "honoured" },
  "resources.minNodes": { with: { launcher: "torchrun", resources: { nodes: 4, minNodes: 2 } }, process: "refused", slurm: "honoured" },
  launcher: { with: { launcher: "mpi" }, process: "honoured", slurm: "honoured" },
  processesPerNode: { with: { launcher: "torchrun", processesPerNode: 4 }, process: "honoured", slurm: "honoured" },
  workerRestarts: { with: { launcher: "torchrun", workerRestarts: 2 }, process: "honoured", slurm: "honoured" },
  priority: { with: { priority: 90 }, process: "honoured", slurm: "honoured" },
  preemptible: { with: { preemptible: true }, process: "honoured", slurm: "honoured" },
  "retry.max": { with: { retry: { max: 3 } }, process: "honoured", slurm: "honoured" },
  "retry.on": { with: { retry: { on: ["oom"] } }, process: "honoured", slurm: "honoured" },
  onLostContact: { with: { onLostContact: "restart" }, process: "honoured", slurm: "honoured" },
  maxDuration: { with: { maxDuration: "1h" }, process: "honoured", slurm: "honoured" },
  "checkpoint.enabled": { with: { checkpoint: { enabled: false } }, process: "honoured", slurm: "honoured" },
  "checkpoint.graceSeconds": { with: { checkpoint: { graceSeconds: 5 } }, process: "honoured", slurm: "honoured" },
  interactive: { with: { interactive: { app: "jupyter" } }, process: "honoured", slurm: "honoured" },
  artifacts: { with: { artifacts: ["out/*"] }, process: "honoured", slurm: "honoured" },
  cluster: { with: { cluster: "c" }, process: "honoured", slurm: "honoured" },
  "constraints.regions": { with: { constraints: { regions: ["eu"] } }, process: "honoured", slurm: "honoured" },
  "constraints.drivers": { with: { constraints: { drivers: ["slurm"] } }, process: "honoured", slurm: "honoured" },
  tags: { with: { tags: { a: "b" } }, process: "honoured", slurm: "honoured" },
  "overrides.slurm": { with: { cluster: "c", overrides: { slurm: { partition: "gpu" } } }, process: "refused", slurm: "honoured" },
};

/** Every leaf of the schema, as it is parsed. Records and lists are one field. */
function leaves(value: Record<string, unknown>, at = ""): string[] {
  const open = new Set(["resources", "retry", "checkpoint", "constraints"]);
  return Object.entries(value).flatMap(([key, inner]) => (open.has(key) ? leaves(inner as Record<string, unknown>, `${key}.`) : [at + key]));
}

describe("every field of a spec on every driver", () => {
  it("is in this table", () => {
    const known = new Set(Object.keys(FIELDS).map((name) => name.replace(/^overrides\..*/, "overrides")));
    expect(leaves(RunSpec.parse(base)).filter((name) => !known.has(name))).toEqual([]);
    expect([...known].filter((name) => !leaves(RunSpec.parse(base)).includes(name))).toEqual([]);
  });

  const cases = Object.entries(FIELDS).flatMap(([field, row]) => (["process", "slurm"] as const).map((driver) => ({ field, driver, spec: row.with, answer: row[driver] })));
  it.each(cases)("$field is $answer by $driver", ({ field, driver, spec, answer }) => {
    const issues = unsupportedFields(RunSpec.parse({ ...base, ...spec }), DRIVERS[driver]);
    expect(issues.map((issue) => issue.field)).toEqual(answer === "honoured" ? [] : [field]);
  });

  it.each([
    { says: "a launcher that is not there", spec: { launcher: "ray" }, field: "launcher" },
    { says: "several processes without a launcher", spec: { processesPerNode: 2 }, field: "processesPerNode" },
    { says: "fewer nodes than it may have without torchrun", spec: { launcher: "mpi", resources: { nodes: 4, minNodes: 2 } }, field: "resources.minNodes" },
    { says: "restarts of workers that torchrun does not start", spec: { launcher: "mpi", workerRestarts: 1 }, field: "workerRestarts" },
    { says: "a setting of Slurm that is not known", spec: { overrides: { slurm: { colour: "red" } } }, field: "overrides.slurm.colour" },
    { says: "more nodes than there are", spec: { resources: { nodes: 17 } }, field: "resources.nodes" },
  ] as const)("refuses $says by name", ({ spec, field }) => {
    expect(unsupportedFields(RunSpec.parse({ ...base, ...spec }), slurm).map((issue) => issue.field)).toEqual([field]);
  });

  it("refuses an interactive run where the policy or an old agent lets nobody in", () => {
    const spec = RunSpec.parse({ ...base, interactive: {} });
    for (const interactive of [false, undefined]) expect(unsupportedFields(spec, { ...slurm, interactive }).map((issue) => issue.field)).toEqual(["interactive"]);
  });

  it("takes on one machine what torchrun may also start on one node", () => {
    expect(unsupportedFields(RunSpec.parse({ ...base, launcher: "torchrun", resources: { nodes: 4, minNodes: 1 } }), process)).toEqual([]);
  });

  it("refuses git where the agent has none", () => {
    expect(unsupportedFields(RunSpec.parse({ ...base, code: { kind: "git", url: "https://example.test/x.git" } }), { ...slurm, git: false }).map((issue) => issue.field)).toEqual(["code.kind"]);
  });
});
