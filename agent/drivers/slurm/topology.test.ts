import { expect, it } from "vitest";
import { parseTopology } from "./topology.ts";

it("a node hangs on its switches, from the root down", () => {
  const text = "SwitchName=leaf1 Level=0 LinkSpeed=1 Nodes=n[01-02]\nSwitchName=leaf2 Level=0 LinkSpeed=1 Nodes=n03\nSwitchName=spine Level=1 LinkSpeed=1 Nodes=n[01-03] Switches=leaf[1-2]\n";
  expect([...parseTopology(text)]).toEqual([["n01", ["spine", "leaf1"]], ["n02", ["spine", "leaf1"]], ["n03", ["spine", "leaf2"]]]);
});

it("or belongs to a block; of several switches of one level it has the first, and where Slurm has no topology, none", () => {
  expect(parseTopology("BlockName=b1 BlockIndex=0 Nodes=n[1-2] BlockSize=2").get("n2")).toEqual(["b1"]);
  expect(parseTopology("SwitchName=rail1 Level=0 Nodes=n1\nSwitchName=rail2 Level=0 Nodes=n1").get("n1")).toEqual(["rail1"]);
  expect(parseTopology("No topology information available").size).toBe(0);
});
