import { describe, expect, it } from "vitest";
import { RunSpec } from "../experiments/run-spec.ts";
import { cluster, node, NOW } from "../queue/testing.ts";
import { chooseNodes, placeRun } from "./choose.ts";
import { modelMatches } from "./accelerators.ts";
import { fitOn } from "./placement.ts";

const spec = (resources: Record<string, unknown> = {}, over: Record<string, unknown> = {}) => RunSpec.parse({ name: "r", project: "p", command: "true", resources: { cpus: 1, memory: 1024, ...resources }, ...over });

describe("fitOn", () => {
  it("says now, and later with the moment and its basis, and never with the field", () => {
    const busy = cluster("a", [node("n1", { gpus: 4, taken: 4 })], { live: [{ runId: "run_1", runName: "sft", nodeNames: ["n1"], cpus: 1, memoryMib: 1024, gpus: 4, accelerators: [0, 1, 2, 3], endsBy: NOW + 60_000 }] });
    expect(fitOn(spec(), busy, NOW)).toMatchObject({ verdict: "now" });
    expect(fitOn(spec({ gpus: 2 }), busy, NOW)).toMatchObject({ verdict: "later", earliestAt: NOW + 60_000, basis: expect.stringContaining("sft") });
    expect(fitOn(spec({ gpus: 5 }), busy, NOW)).toMatchObject({ verdict: "never", field: "resources.gpus" });
    expect(fitOn(spec({ cpus: 64 }), busy, NOW)).toMatchObject({ verdict: "never", field: "resources.cpus", reason: expect.stringContaining("16") });
    expect(fitOn(spec({ gpus: 1, gpuModel: "A100" }), busy, NOW)).toMatchObject({ verdict: "never", field: "resources.gpuModel" });
  });
  it("promises nothing when what runs has no maximum duration", () => {
    const busy = cluster("a", [node("n1", { freeCpus: 0 })], { live: [{ runId: "run_1", runName: "x", nodeNames: ["n1"], cpus: 16, memoryMib: 1, gpus: 0, accelerators: [], endsBy: null }] });
    expect(fitOn(spec(), busy, NOW)).toMatchObject({ verdict: "later", earliestAt: null, basis: null });
  });
  it("tells away from never: drained, out of reach, not yet connected", () => {
    expect(fitOn(spec(), cluster("a", [node("n")], { drained: true }), NOW).verdict).toBe("away");
    expect(fitOn(spec(), cluster("a", [node("n")], { reachable: false }), NOW).verdict).toBe("away");
    expect(fitOn(spec(), cluster("a", [], { capabilities: null, driver: null }), NOW).verdict).toBe("away");
    expect(fitOn(spec(), cluster("a", [node("n", { usable: false })]), NOW).verdict).toBe("away");
    expect(fitOn(spec({ cpus: 999 }), cluster("a", [node("n")], { drained: true }), NOW).verdict).toBe("never");
  });
  it("names the constraint that excludes a cluster", () => {
    expect(fitOn(spec({}, { constraints: { regions: ["eu"] } }), cluster("a", [node("n")]), NOW)).toMatchObject({ verdict: "never", field: "constraints.regions" });
    expect(fitOn(spec({}, { cluster: "b" }), cluster("a", [node("n")]), NOW)).toMatchObject({ verdict: "never", field: "cluster" });
    expect(fitOn(spec({}, { launcher: "mpi" }), cluster("a", [node("n")]), NOW)).toMatchObject({ verdict: "never", field: "launcher" });
  });
  it("adds up tenths of a core without losing one", () => {
    let free = 1;
    for (let i = 0; i < 9; i += 1) free -= 0.1;
    expect(fitOn(spec({ cpus: 0.1 }), cluster("a", [node("n", { cpus: 1, freeCpus: free })]), NOW).verdict).toBe("now");
  });
});

describe("placeRun", () => {
  it("keeps work without GPUs off GPU nodes, and packs GPUs tightly", () => {
    const gpu = cluster("gpu", [node("g1", { gpus: 8 }), node("g2", { gpus: 8, taken: 6 })]);
    const cpu = cluster("cpu", [node("c1")]);
    expect(placeRun(spec(), [gpu, cpu], NOW).choice).toMatchObject({ clusterId: "cl_cpu" });
    expect(placeRun(spec({ gpus: 2 }), [gpu, cpu], NOW).choice).toEqual({ clusterId: "cl_gpu", nodeNames: ["g2"], accelerators: [6, 7] });
  });
  it("never gives out a failed accelerator", () => {
    const broken = node("n", { gpus: 2 });
    broken.accelerators[0]!.ok = false;
    expect(chooseNodes(spec({ gpus: 1 }).resources, cluster("a", [broken]))).toMatchObject({ accelerators: [1] });
    expect(placeRun(spec({ gpus: 2 }), [cluster("a", [broken])], NOW).pending.kind).toBe("away");
  });
  it("explains a run that nothing can take, naming what each cluster lacks", () => {
    const { choice, pending } = placeRun(spec({ gpus: 64 }), [cluster("a", [node("n", { gpus: 8 })]), cluster("b", [node("n")])], NOW);
    expect(choice).toBeNull();
    expect(pending).toMatchObject({ kind: "never", clusters: [{ name: "a", field: "resources.gpus" }, { name: "b", field: "resources.gpus" }] });
  });
});

it.each([
  ["NVIDIA H100 80GB HBM3", "h100", true], ["NVIDIA A100-SXM4-80GB", "A100", true], ["NVIDIA A100-SXM4-80GB", "SXM4", true], ["NVIDIA H200", "H100", false], ["AMD Instinct MI300X", "MI300", true], ["NVIDIA L40S", "40S", false], ["anything", null, true],
])("%s answers to %s: %s", (model, wanted, yes) => expect(modelMatches(model, wanted)).toBe(yes));
