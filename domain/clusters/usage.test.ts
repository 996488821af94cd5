import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clusterUsage, type NodeCapacity } from "./usage.ts";

const node = (over: Partial<NodeCapacity> = {}): NodeCapacity => ({ cpus: 8, memoryMib: 1000, isUp: true, isDrained: false, cpuLoad: null, ...over });

let count = 0;
const card = (model: string, health: string) => ({ model, health, nodeId: "nod_1", uuid: `GPU-${(count += 1)}`, parentUuid: null });

describe("the use of a cluster", () => {
  it("counts a drained node as drained, not as up", () => {
    expect(clusterUsage([node(), node({ isDrained: true }), node({ isUp: false })], [], []).nodes).toEqual({ total: 3, up: 1, drained: 1 });
  });

  it("counts what an attempt holds once for each of its nodes, and at least once before it has any", () => {
    const usage = clusterUsage([node(), node()], [], [{ nodes: 2, cpus: 4, memoryMib: 100, gpus: 8 }, { nodes: 0, cpus: 1, memoryMib: 10, gpus: 1 }]);
    expect(usage).toMatchObject({ cpus: { total: 16, used: 9 }, memoryMib: { total: 2000, used: 210 }, accelerators: { used: 17 }, liveAttempts: 2 });
  });

  it("measures load over the nodes that were measured, and says nothing when none was", () => {
    expect(clusterUsage([node({ cpuLoad: 4 }), node({ cpuLoad: 8 }), node()], [], []).load).toBe(0.75);
    expect(clusterUsage([node()], [], []).load).toBeNull();
    expect(clusterUsage([], [], []).load).toBeNull();
  });

  it("names each model once and counts what failed", () => {
    const cards = [card("H100", "ok"), card("A100", "failed"), card("H100", "degraded")];
    expect(clusterUsage([], cards, []).accelerators).toEqual({ total: 3, used: 0, failed: 1, models: ["A100", "H100"] });
  });

  it("counts a GPU once, into however many slices or shares it is cut, and what is held of it as its part", () => {
    const shares = [0, 1, 2].map((at) => ({ ...card("H100 shared 1/3", "failed"), uuid: `GPU-a::${at}`, parentUuid: "GPU-a" }));
    expect(clusterUsage([], [...shares, card("H100", "ok")], [{ nodes: 1, cpus: 1, memoryMib: 1, gpus: 0.667 }]).accelerators).toEqual({ total: 2, used: 0.667, failed: 1, models: ["H100", "H100 shared 1/3"] });
  });

  it("does not depend on the order of nodes", () => {
    const anyNode = fc.record({ cpus: fc.integer({ min: 1, max: 256 }), memoryMib: fc.integer({ min: 1, max: 1e6 }), isUp: fc.boolean(), isDrained: fc.boolean(), cpuLoad: fc.option(fc.integer({ min: 0, max: 256 })) });
    fc.assert(fc.property(fc.array(anyNode), (nodes) => {
      expect(clusterUsage(nodes.toReversed(), [], [])).toEqual(clusterUsage(nodes, [], []));
    }));
  });
});
