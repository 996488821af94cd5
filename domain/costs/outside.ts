import type { HeldKind } from "./metering.ts";

/** Where what is charged came from: Drover, or (`OUTSIDE`) jobs that others gave to a cluster's scheduler. */
export const RUNS_SOURCE = "drover";
/** What stands for the experiment, and begins what stands for the project and the owner, of a job from outside Drover. */
export const OUTSIDE = "outside";
/** Who pays for jobs of an account that no project of Drover's was named for: no budget has it. */
export const payerOf = (account: string): string => `${OUTSIDE}:${account}`;
/** Of SQL: whatever such a project or owner is called. */
export const LIKE_OUTSIDE = `${OUTSIDE}:%`;
export const isOutsidePayer = (projectId: string): boolean => projectId.startsWith(`${OUTSIDE}:`);

/** A node on which a job from outside is, as Drover knows it. */
export interface OutsideNode {
  name: string;
  /** Thousandths of cores, of GiB. */
  cpu: number;
  memory: number;
  /** Its GPUs by model, and into how many shares each is given, where it is. */
  cards: readonly { model: string; count: number; shares: number | null }[];
}
/** Amounts of the whole job, in thousandths; GPUs and shares of them as numbers. */
export interface OutsideAmounts {
  nodeCount: number;
  cpu: number;
  memory: number;
  gpus: number;
  shares: number;
}
export interface OutsideHold {
  node: string;
  kind: HeldKind;
  model: string;
  milli: number;
}

/**
 * So much over places of these sizes: evenly, and where one is full, what is too much for it over the others. What fits nowhere
 * stays on the first: it is for the rating to see that there is no more. Parts are whole and add up.
 */
export function spread(whole: number, sizes: readonly number[]): number[] {
  const parts = sizes.map(() => 0);
  let left = whole;
  for (let open = [...sizes.keys()]; left > 0 && open.length > 0; open = open.filter((at) => parts[at]! < sizes[at]!)) {
    const share = Math.max(1, Math.floor(left / open.length));
    for (const at of open) {
      const more = Math.min(share, left, sizes[at]! - parts[at]!);
      parts[at]! += more;
      left -= more;
    }
  }
  if (left > 0 && parts.length > 0) parts[0]! += left;
  return parts;
}

/**
 * What a job holds of each of its nodes. Its scheduler tells amounts of the whole job, so that they are spread over all its nodes;
 * nodes that Drover does not know take their even part and are left out.
 */
export function outsideHolds(amounts: OutsideAmounts, nodes: readonly OutsideNode[]): OutsideHold[] {
  const known = (whole: number): number => Math.round((whole * nodes.length) / Math.max(1, amounts.nodeCount, nodes.length));
  const over = (kind: HeldKind, whole: number, sizes: number[], modelOf: (node: OutsideNode) => string): OutsideHold[] => spread(whole, sizes).map((milli, at) => ({ node: nodes[at]!.name, kind, model: modelOf(nodes[at]!), milli }));
  const most = (node: OutsideNode) => node.cards.toSorted((a, b) => b.count - a.count)[0];
  const gpus = spread(known(amounts.gpus), nodes.map((node) => most(node)?.count ?? 0)).map((count) => count * 1000);
  const shares = spread(known(amounts.shares), nodes.map((node) => (most(node)?.count ?? 0) * (most(node)?.shares ?? 0))).map((count, at) => Math.floor((count * 1000) / (most(nodes[at]!)?.shares ?? 1)));
  return [
    ...nodes.map((node, at): OutsideHold => ({ node: node.name, kind: "accelerator", model: most(node)?.model ?? "", milli: gpus[at]! + shares[at]! })),
    ...over("cpu", known(amounts.cpu), nodes.map(({ cpu }) => cpu), () => ""),
    ...over("memory", known(amounts.memory), nodes.map(({ memory }) => memory), () => ""),
  ].filter(({ milli, kind, model }) => milli > 0 && (kind !== "accelerator" || model !== ""));
}
