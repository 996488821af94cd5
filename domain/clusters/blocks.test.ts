import { describe, expect, it } from "vitest";
import { blocksOf, largestFree, placeOf } from "./blocks.ts";
import type { AcceleratorView, NodeView } from "./cluster-view.ts";

const gpu = (over: Partial<AcceleratorView> = {}): AcceleratorView => ({ id: "acc", index: 0, uuid: "", model: "H100", memoryMib: 1, health: "ok", healthReason: null, utilization: null, memoryUsedMib: null, temperature: null, power: null, run: null, ...over });
const run = { id: "run_1", name: "llama", attemptId: "att", cpus: 1, memoryMib: 1, gpus: 1, status: "running" };
function node(name: string, topology: string[], over: Partial<NodeView> = {}): NodeView {
  return { id: name, name, state: "up", stateReason: null, partitions: [], reserved: false, topology, outside: 0, drainedAt: null, drainedBy: null, drainReason: null, cpus: { total: 8, used: 0, load: null }, memoryMib: { total: 1, used: 0, load: null }, diskMib: { total: 1, free: null }, accelerators: [gpu()], runs: [], ...over };
}

describe("blocks", () => {
  it("are the nodes of each switch, numbers in their order, with what the switch hangs on; nodes of none come last", () => {
    const blocks = blocksOf([node("n1", ["spine", "leaf10"]), node("n2", []), node("n3", ["spine", "leaf9"]), node("n4", ["spine", "leaf10"], { runs: [run] })]);
    expect(blocks.map(({ name, above, nodes, free }) => [name, above, nodes.map((one) => one.name), free])).toEqual([
      ["leaf9", ["spine"], ["n3"], 1],
      ["leaf10", ["spine"], ["n1", "n4"], 1],
      [null, [], ["n2"], 1],
    ]);
  });

  it("are none where no node is known to hang on anything", () => expect(blocksOf([node("n1", []), node("n2", [])])).toEqual([]));

  it("have a largest free one: that with the most nodes which nobody uses", () => {
    const blocks = blocksOf([node("a1", ["a"]), node("a2", ["a"], { outside: 1 }), node("b1", ["b"]), node("b2", ["b"]), node("c1", []), node("c2", []), node("c3", [])]);
    expect(largestFree(blocks)).toMatchObject({ name: "b", free: 2 });
    expect(largestFree(blocksOf([node("a1", ["a"], { state: "down" })]))).toBeNull();
  });
});

it.each([
  ["nobody uses", {}, "free"],
  ["its scheduler starts for a job", { state: "off" as const }, "free"],
  ["a run is on", { runs: [run] }, "used"],
  ["only jobs from outside are on", { outside: 2 }, "used"],
  ["a run holds an accelerator of", { accelerators: [gpu({ run: { id: "run_1", name: "llama" } })] }, "used"],
  ["is kept for a reservation", { reserved: true }, "reserved"],
  ["is kept for a reservation and used by it", { reserved: true, outside: 1 }, "used"],
  ["is down", { state: "down" as const }, "closed"],
  ["Slurm drains", { state: "draining" as const, runs: [run] }, "closed"],
  ["was drained", { drainedAt: new Date(0) }, "closed"],
  ["has a failed accelerator", { accelerators: [gpu({ health: "failed" })] }, "closed"],
])("a node that %s is %o", (_says, over, place) => expect(placeOf(node("n", [], over))).toBe(place));
