import { type NodeView, takesWork } from "./cluster-view.ts";

/** What a node is to work that wants all of it. `closed`: it takes none. */
export type NodePlace = "free" | "used" | "reserved" | "closed";

/** Nodes that hang on one switch, or are one block: between them the network is at its fastest. */
export interface Block {
  /** Null for the nodes of which nobody knows on what they hang. */
  name: string | null;
  /** What it hangs on itself, the nearest to the root first. */
  above: string[];
  nodes: { name: string; place: NodePlace }[];
  /** How many of them are free. */
  free: number;
}

export function placeOf(node: NodeView): NodePlace {
  if (!takesWork(node.state) || node.drainedAt || node.accelerators.some(({ health }) => health === "failed")) return "closed";
  if (node.runs.length > 0 || node.outside > 0 || node.accelerators.some(({ run }) => run !== null)) return "used";
  return node.reserved ? "reserved" : "free";
}

/** The nodes by what they hang on, in the order of its name; those of which none is known come last. Empty where none hangs on any. */
export function blocksOf(nodes: readonly NodeView[]): Block[] {
  if (nodes.every(({ topology }) => topology.length === 0)) return [];
  const groups = Map.groupBy(nodes, ({ topology }) => topology.join("\n"));
  const blocks = [...groups.values()].map((members): Block => {
    const path = members[0]!.topology;
    const places = members.map((node) => ({ name: node.name, place: placeOf(node) }));
    return { name: path.at(-1) ?? null, above: path.slice(0, -1), nodes: places, free: places.filter(({ place }) => place === "free").length };
  });
  return blocks.toSorted((one, other) => Number(one.name === null) - Number(other.name === null) || ORDER.compare(pathOf(one), pathOf(other)));
}

const ORDER = new Intl.Collator("en", { numeric: true });
const pathOf = ({ above, name }: Block): string => [...above, name].join("\n");

/** Of the blocks the one with the most free nodes, null where none has any. */
export const largestFree = (blocks: readonly Block[]): Block | null => blocks.reduce<Block | null>((best, block) => (block.name !== null && block.free > (best?.free ?? 0) ? block : best), null);
