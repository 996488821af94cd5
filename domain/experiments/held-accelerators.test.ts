import { expect, it } from "vitest";
import { heldAccelerators } from "./held-accelerators.ts";

const nodes: Record<string, number[]> = { n1: [0, 1], n2: [0, 1], big: [0, 1, 2, 3] };
const held = (nodeNames: string[], gpus: number, acceleratorIndexes: number[] = []) => heldAccelerators({ nodeNames, gpus, acceleratorIndexes }, (node) => nodes[node] ?? []);

it.each([
  { says: "takes the indexes that the agent handed out", found: held(["n1"], 1, [1]), expected: ["n1/1"] },
  { says: "takes all of each node that the attempt has whole", found: held(["n1", "n2"], 2), expected: ["n1/0", "n1/1", "n2/0", "n2/1"] },
  { says: "takes none of a node that it may share", found: held(["n1", "big"], 2), expected: ["n1/0", "n1/1"] },
  { says: "takes none of a node that is not known", found: held(["gone"], 2), expected: [] },
  { says: "takes none of an attempt without any", found: held(["gone", "n1"], 0), expected: [] },
])("$says", ({ found, expected }) => expect(found).toEqual(expected));
