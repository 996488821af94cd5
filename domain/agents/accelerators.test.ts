import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cluster, node, NOW, pass, started, waiting } from "../queue/testing.ts";
import { gpusOf, giveBackOn, kindOn, milliHeld, takeOn } from "./accelerators.ts";
import { chooseNodes } from "./choose.ts";
import { copySnapshot, fitOn, take, type NodeSnapshot } from "./placement.ts";
import { RunSpec } from "../experiments/run-spec.ts";

const H100 = "NVIDIA H100 80GB HBM3";
const asking = (gpus: number, gpuModel: string | null = null) => RunSpec.parse({ name: "r", project: "p", command: "true", resources: { cpus: 1, memory: 64, gpus, gpuModel } });
/** Two GPUs of which a policy gives four shares each, and one that is whole. */
const fixed = () => node("n1", { accelerators: [...[100, 200].flatMap((first) => [0, 1, 2, 3].map((at) => ({ index: first + at, model: `${H100} shared 1/4`, milli: 250, of: `GPU-${first}`, free: true, ok: true }))), { index: 2, model: H100, free: true, ok: true }] });
/** Two GPUs that Slurm gives whole or in four shares each. */
const either = () => node("n1", { accelerators: [0, 1].map((index) => ({ index, model: "H100", free: true, ok: true, shares: 4 })) });
const chosen = (host: NodeSnapshot, gpus: number, gpuModel: string | null) => chooseNodes(asking(gpus, gpuModel).resources, cluster("a", [host]))?.accelerators ?? null;

describe("shares of GPUs", () => {
  it("are had by asking for them only, as many as one GPU has, and whole GPUs never of shares", () => {
    const on = cluster("a", [fixed()]);
    const verdict = (gpus: number, gpuModel: string | null) => fitOn(asking(gpus, gpuModel), on, NOW).verdict;
    expect([verdict(1, "shared"), verdict(4, "h100.shared"), verdict(5, "shared"), verdict(1, null), verdict(2, null), verdict(1, "a100.shared")]).toEqual(["now", "now", "never", "now", "never", "never"]);
    expect(fitOn(asking(5, "shared"), on, NOW).reason).toBe("Asked for 5 shared GPUs per node; n1 has 4.");
  });

  it("are of one GPU, of that with the fewest left, so that others stay whole", () => {
    const host = fixed();
    takeOn(host, { gpus: 1, accelerators: [200], gpuModel: "shared" });
    expect([chosen(host, 1, "shared"), chosen(host, 3, "shared"), chosen(host, 4, "shared")]).toEqual([[201], [201, 202, 203], [100, 101, 102, 103]]);
    const slurm = either();
    takeOn(slurm, { gpus: 3, accelerators: [1], gpuModel: "shared" });
    expect([chosen(slurm, 1, "shared"), chosen(slurm, 2, "shared"), chosen(slurm, 1, null), chosen(slurm, 2, null)]).toEqual([[1], [0], [0], null]);
  });

  it("and their GPU are not had at the same time, where a scheduler gives either", () => {
    const host = either();
    const free = () => [gpusOf(host, null).free, gpusOf(host, "shared").free];
    expect(free()).toEqual([2, 4]);
    const [whole, shares] = [{ gpus: 1, accelerators: [0], gpuModel: null }, { gpus: 3, accelerators: [1], gpuModel: "shared" }];
    takeOn(host, whole);
    expect(free()).toEqual([1, 4]);
    takeOn(host, shares);
    expect(free()).toEqual([0, 1]);
    giveBackOn(host, whole);
    expect(free()).toEqual([1, 4]);
    giveBackOn(host, shares);
    expect(free()).toEqual([2, 4]);
  });

  it("of others' jobs, of which nobody says which GPU, take room all the same", () => {
    const on = cluster("a", [either()]);
    take(on, { clusterId: on.id, nodeNames: ["n1"], accelerators: [] }, { runId: "job:5", runName: "theirs", cpus: 1, memoryMib: 1, gpus: 2, gpuModel: "shared", endsBy: null });
    expect([gpusOf(on.nodes[0]!, null).free, chosen(on.nodes[0]!, 3, "shared"), chosen(on.nodes[0]!, 2, "shared")]).toEqual([1, [1], [0]]);
  });

  it("never give out more than their GPU, in whatever order they are taken and given back", () => {
    const ask = fc.record({ gpus: fc.integer({ min: 1, max: 4 }), gpuModel: fc.constantFrom(null, "shared"), ends: fc.nat(8) });
    fc.assert(fc.property(fc.constantFrom(fixed, either), fc.array(ask, { maxLength: 24 }), (make, asks) => {
      const host = make();
      const held: { gpus: number; accelerators: number[]; gpuModel: string | null; ends: number }[] = [];
      for (const [at, { gpus, gpuModel, ends }] of asks.entries()) {
        for (const gone of held.filter((one) => one.ends <= at)) {
          giveBackOn(host, gone);
          held.splice(held.indexOf(gone), 1);
        }
        const indexes = chosen(host, gpus, gpuModel);
        expect(indexes !== null).toBe(gpusOf(host, gpuModel).free >= gpus);
        if (!indexes) continue;
        const hold = { gpus, accelerators: indexes, gpuModel, ends: at + ends };
        takeOn(host, hold);
        held.push(hold);
        expect(new Set(host.accelerators.filter(({ of, free }) => of && !free).map(({ index }) => index)).size).toBe(held.filter((one) => one.gpuModel && make === fixed).reduce((sum, one) => sum + one.gpus, 0));
        for (const { free, given = 0, shares } of host.accelerators) expect((free ? 0 : 1) + (shares ? given / shares : 0)).toBeLessThanOrEqual(1);
      }
      for (const hold of held) giveBackOn(host, hold);
      expect([gpusOf(host, null), gpusOf(host, "shared")]).toEqual([gpusOf(make(), null), gpusOf(make(), "shared")]);
    }), { numRuns: 2000 });
  });

  it("are so much of a GPU as their name says, and together no more than it", () => {
    expect([kindOn(fixed(), "shared"), kindOn(either(), "shared"), kindOn(either(), null), kindOn(either(), "a100.shared")]).toEqual([{ model: `${H100} shared 1/4`, milli: 250 }, { model: "H100 shared 1/4", milli: 250 }, { model: "H100", milli: 1000 }, null]);
    const thirds = node("n1", { accelerators: [334, 333, 333].map((milli, at) => ({ index: 100 + at, model: `${H100} shared 1/3`, milli, of: "GPU-a", free: true, ok: true })) });
    const held = (host: NodeSnapshot, indexes: number[], gpus: number, gpuModel: string | null) => milliHeld(host, indexes, { gpus, gpuModel });
    expect([held(thirds, [100, 101, 102], 3, "shared"), held(thirds, [102], 1, "shared"), held(either(), [0], 3, "shared"), held(either(), [0], 1, null), held(either(), [], 2, "shared")]).toEqual([1000, 333, 750, null, 500]);
  });

  it("that may be stopped make room for a whole GPU only all together, and a whole one for all its shares", () => {
    const host = either();
    const on = cluster("a", [host]);
    for (const [id, gpu] of [["one", 0], ["two", 0], ["three", 1]] as const) take(on, { clusterId: on.id, nodeNames: ["n1"], accelerators: [gpu] }, { ...started(cluster("x", []), waiting(id, { resources: { gpus: 1, gpuModel: "shared" }, spec: { preemptible: true, priority: 10 } }), { nodeNames: [] }), gpuModel: "shared" });
    const { victims } = pass([waiting("whole", { resources: { gpus: 1 } })], [on]);
    expect(victims.map(({ runId }) => runId)).toEqual(["three"]);
    const both = pass([waiting("whole", { resources: { gpus: 2 } })], [copySnapshot(on)]).victims;
    expect(both.map(({ runId }) => runId).toSorted()).toEqual(["one", "three", "two"]);
    const busy = cluster("b", [either()]);
    for (const gpu of [0, 1]) take(busy, { clusterId: busy.id, nodeNames: ["n1"], accelerators: [gpu] }, { ...started(cluster("x", []), waiting(`whole${gpu}`, { resources: { gpus: 1 }, spec: { preemptible: true, priority: 10 } }), { nodeNames: [] }), gpuModel: null });
    expect(pass([waiting("four", { resources: { gpus: 4, gpuModel: "shared" } })], [busy]).victims).toHaveLength(1);
  });
});

describe("quotas of GPUs that are shared", () => {
  const quota = (model: string, limit: number) => ({ id: "quo_1", scope: "team" as const, scopeId: "team_a", scopeName: "vision", model, guaranteed: 0, borrow: true, limit });
  const runs = (count: number, gpuModel: string | null) => Array.from({ length: count }, (_, at) => waiting(`${gpuModel}${at}`, { resources: { gpus: 1, gpuModel, cpus: 1 } }));

  it.each([
    { of: "*", limit: 1, placed: 4 },
    { of: "H100", limit: 1, placed: 4 },
    { of: "shared", limit: 3, placed: 3 },
    { of: "A100", limit: 0, placed: 8 },
  ])("count a share as its part of one, or as one where they are of shares: $of, at most $limit, lets $placed have one", ({ of, limit, placed }) => {
    const { placed: found, waiting: left } = pass(runs(9, "shared"), [cluster("a", [either()])], { quotas: [quota(of, limit)] });
    expect(found).toHaveLength(placed);
    if (placed < 8) expect([...left.values()][0]).toMatchObject({ kind: "quota", message: expect.stringMatching(of === "shared" ? /may hold 3 shared and holds 3; this needs 1 more/ : /may hold 1 \S+ and holds 1; this needs 0.25 more/) as string });
  });
});
