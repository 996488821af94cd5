import { describe, expect, it } from "vitest";
import type { AcceleratorView, NodeView } from "./cluster-view.ts";
import { countChoices, filterNodes, hasRoom } from "./node-filter.ts";

const gpu = (over: Partial<AcceleratorView> = {}): AcceleratorView => ({ id: "acc", index: 0, uuid: "", model: "NVIDIA H100", memoryMib: 1, health: "ok", healthReason: null, utilization: null, memoryUsedMib: null, temperature: null, power: null, run: null, ...over });
const held = gpu({ run: { id: "run_1", name: "llama" } });
function node(name: string, over: Partial<NodeView> = {}): NodeView {
  return { id: name, name, state: "up", stateReason: null, partitions: [], reserved: false, topology: [], outside: 0, drainedAt: null, drainedBy: null, drainReason: null, cpus: { total: 8, used: 0, load: null }, memoryMib: { total: 1, used: 0, load: null }, diskMib: { total: 1, free: null }, accelerators: [], runs: [], ...over };
}
const names = (nodes: NodeView[]) => nodes.map(({ name }) => name);

describe("nodes", () => {
  it("are found by name, model and run, in any case", () => {
    const all = [node("alpha"), node("beta", { accelerators: [gpu()] }), node("gamma", { runs: [{ id: "run_1", name: "Llama-SFT", attemptId: "att", cpus: 1, memoryMib: 1, gpus: 0, status: "running" }] })];
    expect(names(filterNodes(all, "ALPH", null))).toEqual(["alpha"]);
    expect(names(filterNodes(all, "h100", null))).toEqual(["beta"]);
    expect(names(filterNodes(all, "llama", null))).toEqual(["gamma"]);
    expect(filterNodes(all, "  ", null)).toEqual(all);
  });

  it("are found by the switch that they hang on, and by any above it", () => {
    const all = [node("a", { topology: ["spine", "leaf1"] }), node("b", { topology: ["spine", "leaf10"] }), node("c")];
    expect(names(filterNodes(all, "", null, "leaf1"))).toEqual(["a"]);
    expect(names(filterNodes(all, "", null, "spine"))).toEqual(["a", "b"]);
    expect(names(filterNodes(all, "B", "free", "spine"))).toEqual(["b"]);
  });

  it("have problems when they are down or an accelerator is not well", () => {
    const all = [node("well"), node("down", { state: "down" }), node("sick", { accelerators: [gpu({ health: "degraded" })] }), node("away", { drainedAt: new Date(0) })];
    expect(names(filterNodes(all, "", "problems"))).toEqual(["down", "sick"]);
    expect(countChoices(all)).toEqual({ problems: 2, free: 2, drained: 1 });
  });

  it.each([
    ["an accelerator that nobody holds", node("n", { accelerators: [held, gpu()] }), true],
    ["only accelerators that are held", node("n", { accelerators: [held] }), false],
    ["only a failed one left", node("n", { accelerators: [held, gpu({ health: "failed" })] }), false],
    ["no accelerators but free cores", node("n"), true],
    ["no accelerators and no free core", node("n", { cpus: { total: 8, used: 8, load: null } }), false],
    ["been drained", node("n", { drainedAt: new Date(0) }), false],
  ])("with %s: room is %#", (_says, one, room) => expect(hasRoom(one)).toBe(room));
});
