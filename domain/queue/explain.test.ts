import { expect, it } from "vitest";
import { bindingConstraint } from "./explain.ts";
import { cluster, node, waiting } from "./testing.ts";

const on = (name: string, leaf: string, over: Parameters<typeof node>[1] = {}) => node(name, { gpus: 4, topology: ["spine", leaf], ...over });
const wide = (nodes: number) => waiting("wide", { resources: { gpus: 4, nodes } }).spec;

it("a run on several nodes is told under which switch the most of them are free", () => {
  const one = cluster("a", [on("n1", "leaf1", { taken: 1 }), on("n2", "leaf1"), on("n3", "leaf2"), on("n4", "leaf2")]);
  expect(bindingConstraint(wide(4), [one])).toBe("Needs 4 × accelerator on each of 4 nodes; the largest free block is 4 on n2. The largest free block under one switch is 2 nodes, under leaf2.");
  expect(bindingConstraint(wide(1), [one])).not.toContain("switch");
  expect(bindingConstraint(wide(4), [cluster("b", [node("n1", { gpus: 4 })])])).not.toContain("switch");
});

it("nodes that are reserved for others are counted apart from those that are out of order", () => {
  const one = cluster("a", [on("n1", "leaf1", { reserved: true }), on("n2", "leaf1", { usable: false }), on("n3", "leaf2")]);
  expect(bindingConstraint(wide(2), [one])).toBe("Needs 4 × accelerator on each of 2 nodes; the largest free block is 4 on n3. The largest free block under one switch is 1 node, under leaf2. 1 node is drained, down or out of reach. 1 node is reserved for others.");
});
