import { type AcceleratorView, type NodeView, takesWork } from "./cluster-view.ts";

export const NODE_CHOICES = ["problems", "free", "drained"] as const;
export type NodeChoice = (typeof NODE_CHOICES)[number];

export const failing = (one: AcceleratorView) => one.health !== "ok";

/** A node that somebody should look at. */
export function hasProblem(node: NodeView): boolean {
  return node.state === "down" || node.state === "gone" || node.accelerators.some(failing);
}

/** Whether the node could take more: an accelerator that nobody holds, or without any, a core. */
export function hasRoom(node: NodeView): boolean {
  if (!takesWork(node.state) || node.drainedAt || node.reserved) return false;
  if (node.accelerators.length > 0) return node.accelerators.some((one) => (!one.run || (one.shares && one.shares.held > 0 && one.shares.held < one.shares.all)) && one.health !== "failed");
  return node.cpus.used < node.cpus.total;
}

const CHOICES: Record<NodeChoice, (node: NodeView) => boolean> = { problems: hasProblem, free: hasRoom, drained: (node) => node.drainedAt !== null };

/** How many nodes each choice would show. */
export function countChoices(nodes: readonly NodeView[]): Record<NodeChoice, number> {
  const count = (choice: NodeChoice) => nodes.filter(CHOICES[choice]).length;
  return { problems: count("problems"), free: count("free"), drained: count("drained") };
}

/** Nodes whose name, accelerator model or runs contain `text`, among those of the choice that hang on the switch `under`. */
export function filterNodes(nodes: readonly NodeView[], text: string, choice: NodeChoice | null, under: string | null = null): NodeView[] {
  const wanted = text.trim().toLowerCase();
  const matches = (node: NodeView) => [node.name, ...new Set(node.accelerators.map((one) => one.model)), ...node.runs.map((run) => run.name)].some((word) => word.toLowerCase().includes(wanted));
  return nodes.filter((node) => (under === null || node.topology.includes(under)) && (choice === null || CHOICES[choice](node)) && (wanted === "" || matches(node)));
}
