import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RunSpec } from "../experiments/run-spec.ts";
import { chooseNodes, fitOn, modelMatches, placeRun, type ClusterSnapshot, type NodeSnapshot } from "./placement.ts";
import { placeQueue, type QueuedRun } from "./queue.ts";

const NOW = 1_700_000_000_000;
const node = (name: string, over: Partial<NodeSnapshot> & { gpus?: number; model?: string; taken?: number } = {}): NodeSnapshot => {
  const { gpus = 0, model = "NVIDIA H100 80GB HBM3", taken = 0, ...rest } = over;
  const cpus = rest.cpus ?? 16;
  const memoryMib = rest.memoryMib ?? 65_536;
  return { name, usable: true, cpus, memoryMib, freeCpus: cpus, freeMemoryMib: memoryMib, accelerators: Array.from({ length: gpus }, (_, index) => ({ index, model, free: index >= taken, ok: true })), ...rest };
};
const cluster = (slug: string, nodes: NodeSnapshot[], over: Partial<ClusterSnapshot> = {}): ClusterSnapshot => ({
  id: `cl_${slug}`, slug, name: slug, region: "local", driver: "slurm", reachable: true, drained: false, nodes, live: [],
  capabilities: { driver: "slurm", maxNodes: 100, launchers: ["none", "torchrun"], git: true, checkpoint: true, overrides: [], memoryLimit: "cgroup" }, ...over,
});
const spec = (resources: Record<string, unknown> = {}, over: Record<string, unknown> = {}) => RunSpec.parse({ name: "r", project: "p", command: "true", resources: { cpus: 1, memory: 1024, ...resources }, ...over });
const queued = (id: string, resources: Record<string, unknown> = {}, over: Record<string, unknown> = {}): QueuedRun => ({ id, name: id, spec: spec(resources, over) });

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

describe("placeQueue", () => {
  it("lets a small run pass a waiting large one only where it does not stand in its way", () => {
    const one = cluster("a", [node("n1", { gpus: 8, taken: 1, cpus: 64, freeCpus: 60 })], { live: [{ runId: "run_0", runName: "old", nodeNames: ["n1"], cpus: 4, memoryMib: 0, gpus: 1, accelerators: [0], endsBy: null }] });
    const { placed, waiting } = placeQueue([queued("big", { gpus: 8, cpus: 8 }), queued("gpu", { gpus: 1 }), queued("cpu", { cpus: 4 })], [one], NOW);
    expect(placed.map((each) => each.runId)).toEqual(["cpu"]);
    expect(waiting.get("big")).toMatchObject({ kind: "busy" });
    expect(waiting.get("gpu")).toMatchObject({ kind: "behind", message: expect.stringContaining("big") });
  });
  it("lets a short run use the room until the waiting one may start", () => {
    const one = cluster("a", [node("n1", { gpus: 8, taken: 1 })], { live: [{ runId: "run_0", runName: "old", nodeNames: ["n1"], cpus: 0, memoryMib: 0, gpus: 1, accelerators: [0], endsBy: NOW + 3_600_000 }] });
    const { placed } = placeQueue([queued("big", { gpus: 8 }), queued("short", { gpus: 1 }, { maxDuration: 1800 }), queued("long", { gpus: 1 }, { maxDuration: 7200 })], [one], NOW);
    expect(placed.map((each) => each.runId)).toEqual(["short"]);
  });
});

const arbNode = fc.record({ cpus: fc.integer({ min: 1, max: 32 }), memoryMib: fc.integer({ min: 1024, max: 65_536 }), gpus: fc.integer({ min: 0, max: 8 }), usable: fc.boolean() });
const arbClusters = fc.array(fc.array(arbNode, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }).map((all) =>
  all.map((nodes, at) => cluster(`c${at}`, nodes.map(({ cpus, memoryMib, gpus, usable }, index) => node(`n${index}`, { cpus, memoryMib, gpus, usable })))),
);
const arbRuns = fc
  .array(fc.record({ cpus: fc.integer({ min: 1, max: 320 }).map((tenths) => tenths / 10), memory: fc.integer({ min: 16, max: 70_000 }), gpus: fc.integer({ min: 0, max: 8 }), nodes: fc.integer({ min: 1, max: 3 }), minutes: fc.option(fc.integer({ min: 1, max: 100 })) }), { maxLength: 40 })
  .map((all) => all.map(({ minutes, ...resources }, at) => queued(`run_${at}`, resources, minutes ? { maxDuration: minutes * 60 } : {})));

describe("whatever the queue and the clusters", () => {
  it("no node and no accelerator is promised twice, and every run is placed or told why", () => {
    fc.assert(fc.property(arbClusters, arbRuns, (clusters, runs) => {
      const { placed, waiting } = placeQueue(runs, clusters, NOW);
      expect(placed.length + waiting.size).toBe(runs.length);
      for (const each of clusters) {
        for (const host of each.nodes) {
          const here = placed.filter((one) => one.clusterId === each.id && one.nodeNames.includes(host.name)).map((one) => ({ one, resources: runs.find((run) => run.id === one.runId)!.spec.resources }));
          if (here.length > 0) expect(host.usable).toBe(true);
          expect(here.reduce((sum, { resources }) => sum + resources.cpus, 0)).toBeLessThanOrEqual(host.cpus + 1e-6);
          expect(here.reduce((sum, { resources }) => sum + resources.memory, 0)).toBeLessThanOrEqual(host.memoryMib);
          expect(here.reduce((sum, { resources }) => sum + resources.gpus, 0)).toBeLessThanOrEqual(host.accelerators.length);
          const indexes = here.flatMap(({ one }) => one.accelerators);
          expect(new Set(indexes).size).toBe(indexes.length);
        }
      }
    }), { numRuns: 200 });
  });
  it("the same question has the same answer, and asking changes nothing", () => {
    fc.assert(fc.property(arbClusters, arbRuns, (clusters, runs) => {
      const before = JSON.stringify(clusters);
      const first = placeQueue(runs, clusters, NOW);
      expect(JSON.stringify(clusters)).toBe(before);
      expect(placeQueue(runs, clusters, NOW)).toEqual(first);
    }), { numRuns: 50 });
  });
  it("small runs arriving for ever never starve a large one: once what ran before it ends, it starts", () => {
    fc.assert(fc.property(arbClusters, arbRuns, (clusters, small) => {
      const biggest = clusters.flatMap((one) => one.nodes.filter((host) => host.usable)).sort((a, b) => b.cpus - a.cpus)[0];
      if (!biggest) return;
      const big = queued("big", { cpus: biggest.cpus, memory: 16 });
      const first = placeQueue(small, clusters, NOW).placed; // these run already
      const running = new Map(first.map((one) => [one.runId, one]));
      const specs = new Map([...small, big].map((run) => [run.id, run.spec]));
      const view = () => clusters.map((each) => withHolds(each, [...running.values()].filter((one) => one.clusterId === each.id), specs));
      for (let pass = 0; pass < first.length + 1; pass += 1) {
        const arrivals = small.map((run, at) => ({ ...run, id: `late_${pass}_${at}` }));
        for (const run of arrivals) specs.set(run.id, run.spec);
        const { placed } = placeQueue([big, ...arrivals], view(), NOW);
        for (const one of placed) running.set(one.runId, one);
        if (running.has("big")) return;
        const oldest = first.find((one) => running.has(one.runId)); // one of those that were there before it ends
        if (oldest) running.delete(oldest.runId);
      }
      expect.fail("the large run never started");
    }), { numRuns: 60 });
  });
});

/** The cluster with these placements holding their room, without promised ends. */
function withHolds(each: ClusterSnapshot, holds: { runId: string; nodeNames: string[]; accelerators: number[] }[], specs: Map<string, RunSpec>): ClusterSnapshot {
  const copy = structuredClone(each);
  for (const hold of holds) {
    const { cpus, memory, gpus } = specs.get(hold.runId)!.resources;
    for (const host of copy.nodes.filter((one) => hold.nodeNames.includes(one.name))) {
      host.freeCpus -= cpus;
      host.freeMemoryMib -= memory;
      const taken = hold.accelerators.length > 0 ? host.accelerators.filter((one) => hold.accelerators.includes(one.index)) : host.accelerators.filter((one) => one.free).slice(0, gpus);
      for (const one of taken) one.free = false;
    }
    copy.live.push({ runId: hold.runId, runName: hold.runId, nodeNames: hold.nodeNames, cpus, memoryMib: memory, gpus, accelerators: hold.accelerators, endsBy: null });
  }
  return copy;
}
