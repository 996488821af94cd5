import { answersTo, milliOfShare, shareName, sharesNamed, wholeName } from "../../agent/protocol/gpu-model.ts";
import type { RunSpec } from "../experiments/run-spec.ts";
import type { LiveHold, NodeSnapshot } from "./placement.ts";

export interface AcceleratorSnapshot {
  index: number;
  model: string;
  /** Nobody has it whole, nor what part of a GPU it is. */
  free: boolean;
  ok: boolean;
  /** Of a slice or share, how much of its GPU it is, in thousandths, and which GPU that is. */
  milli?: number;
  of?: string | null;
  /** Its scheduler gives it whole, or in so many shares; `given`: of those. */
  shares?: number | null;
  given?: number;
}

/** How many of a node's accelerators answer to a wanted model: in all, of those the healthy ones, and of those the free ones. Of shares, the most that one GPU has: they are had of one only. */
export interface GpuCount {
  wanted: string | null;
  all: number;
  ok: number;
  free: number;
}

const answers = new Map<string, Map<string, boolean>>();
const MODELS_KEPT = 1000;

/** Whether a GPU's name answers to a wanted model, by the rule that the agent goes by too; null is any whole one. */
export function modelMatches(model: string, wanted: string | null): boolean {
  if (model === wanted) return true;
  let known = answers.get(wanted ?? "");
  if (!known) {
    if (answers.size >= MODELS_KEPT) answers.clear();
    answers.set(wanted ?? "", (known = new Map()));
  }
  let answer = known.get(model);
  if (answer === undefined) known.set(model, (answer = answersTo(model, wanted || null)));
  return answer;
}

const givesShares = ({ model, shares }: AcceleratorSnapshot, wanted: string | null): boolean => shares != null && modelMatches(shareName(model, shares), wanted);
const isWhole = (one: AcceleratorSnapshot): boolean => one.free && !one.given;

export const matching = (node: NodeSnapshot, resources: Pick<RunSpec["resources"], "gpuModel">): AcceleratorSnapshot[] =>
  node.accelerators.filter((one) => modelMatches(one.model, resources.gpuModel) || givesShares(one, resources.gpuModel));

/** Where an ask may be served from: all that answers to it, or where it is for shares, each GPU by itself. */
interface Pool {
  from: AcceleratorSnapshot[];
  all: number;
  ok: number;
  free: number;
}

function poolsOf(accelerators: readonly AcceleratorSnapshot[], wanted: string | null): Pool[] {
  const pools = new Map<string, Pool>();
  const add = (key: string, one: AcceleratorSnapshot, all: number, free: number) => {
    let pool = pools.get(key);
    if (!pool) pools.set(key, (pool = { from: [], all: 0, ok: 0, free: 0 }));
    pool.from.push(one);
    pool.all += all;
    if (!one.ok) return;
    pool.ok += all;
    pool.free += free;
  };
  for (const one of accelerators) {
    if (modelMatches(one.model, wanted)) add(one.of && sharesNamed(one.model) !== null ? one.of : "", one, 1, isWhole(one) ? 1 : 0);
    else if (givesShares(one, wanted)) add(`#${one.index}`, one, one.shares!, one.free ? Math.max(0, one.shares! - (one.given ?? 0)) : 0);
  }
  return [...pools.values()];
}

function countOf(accelerators: readonly AcceleratorSnapshot[], wanted: string | null): GpuCount {
  const count: GpuCount = { wanted, all: 0, ok: 0, free: 0 };
  if (accelerators.every(({ of, shares }) => !of && shares == null)) {
    // One pass asks thousands of nodes: most have no parts of GPUs, and are counted without a list of them.
    for (const one of accelerators) {
      if (!modelMatches(one.model, wanted)) continue;
      count.all += 1;
      if (one.ok) count.ok += 1;
      if (one.ok && one.free) count.free += 1;
    }
    return count;
  }
  for (const pool of poolsOf(accelerators, wanted)) {
    count.all = Math.max(count.all, pool.all);
    count.ok = Math.max(count.ok, pool.ok);
    count.free = Math.max(count.free, pool.free);
  }
  return count;
}

/** Accelerators of one node that answer to a wanted model; any whole ones for null. */
export function gpusOf(node: NodeSnapshot, wanted: string | null): GpuCount {
  node.counts ??= [];
  for (const known of node.counts) if (known.wanted === wanted) return known;
  const count = countOf(node.accelerators, wanted);
  node.counts.push(count);
  return count;
}

/** Those of a node that an ask is given, or as many as there are: shares of the GPU that has the fewest left, so that others stay whole. */
export function pickOn(node: NodeSnapshot, wanted: string | null, count: number): AcceleratorSnapshot[] {
  const pools = poolsOf(node.accelerators, wanted).toSorted((a, b) => a.free - b.free);
  const pool = pools.find(({ free }) => free >= count) ?? pools.at(-1);
  const free = (pool?.from ?? []).filter((one) => one.ok && (givesShares(one, wanted) ? one.free && (one.given ?? 0) < one.shares! : isWhole(one)));
  return free.toSorted((a, b) => a.index - b.index).slice(0, count);
}

type Hold = Pick<LiveHold, "gpus" | "accelerators" | "gpuModel">;

/** Changes `node`: what is held of it is not free any more. */
export function takeOn(node: NodeSnapshot, { gpus, accelerators, gpuModel = null }: Hold): void {
  if (gpus === 0) return;
  node.counts = undefined;
  const taken = accelerators.length > 0 ? node.accelerators.filter((one) => accelerators.includes(one.index)) : pickOn(node, gpuModel, gpus);
  for (const one of taken) {
    if (givesShares(one, gpuModel)) one.given = (one.given ?? 0) + Math.ceil(gpus / taken.length);
    else one.free = false;
  }
}

/** Changes `node`: what was held of it is free again. */
export function giveBackOn(node: NodeSnapshot, { gpus, accelerators, gpuModel = null }: Hold): void {
  if (gpus === 0) return;
  node.counts = undefined;
  if (accelerators.length > 0) {
    const back = node.accelerators.filter((one) => accelerators.includes(one.index));
    for (const one of back) {
      if (givesShares(one, gpuModel)) one.given = Math.max(0, (one.given ?? 0) - Math.ceil(gpus / back.length));
      else one.free = true;
    }
    return;
  }
  let left = gpus;
  for (const one of node.accelerators) {
    if (left === 0) return;
    if (givesShares(one, gpuModel)) {
      const back = Math.min(left, one.given ?? 0);
      one.given = (one.given ?? 0) - back;
      left -= back;
    } else if (!one.free && modelMatches(one.model, gpuModel)) {
      one.free = true;
      left -= 1;
    }
  }
}

/** How many of what is wanted would be free on the node once these were gone. */
export function freeWithout(node: NodeSnapshot, wanted: string | null, gone: readonly Hold[]): number {
  const after = { ...node, accelerators: node.accelerators.map((one) => ({ ...one })) };
  for (const hold of gone) giveBackOn(after, hold);
  return countOf(after.accelerators, wanted).free;
}

/** What of accelerators an ask has on a node: their model, and how much of one each is, in thousandths. */
export interface Kind {
  model: string;
  milli: number;
}

const WHOLE = 1000;

/** What one accelerator may be had as: as it is, and where its scheduler gives it in shares too, as one of those. */
export function kindsOf({ model, milli = WHOLE, shares = null }: Pick<AcceleratorSnapshot, "model" | "milli" | "shares">): Kind[] {
  return [{ model, milli }, ...(shares === null ? [] : [{ model: shareName(model, shares), milli: milliOfShare(shares, 0) }])];
}

/** The model of an accelerator, of a slice or share of it too. */
export const wholeModel = wholeName;

/** The kind of accelerators that a node would give to an ask; null where it has none of them. */
export function kindOn(node: Pick<NodeSnapshot, "accelerators"> | undefined, wanted: string | null): Kind | null {
  for (const one of node?.accelerators ?? []) {
    const shares = modelMatches(one.model, wanted) ? sharesNamed(one.model) : givesShares(one, wanted) ? one.shares! : undefined;
    if (shares === undefined) continue;
    if (shares === null) return { model: one.model, milli: one.milli ?? WHOLE };
    return { model: one.shares == null ? one.model : shareName(one.model, shares), milli: Math.floor(WHOLE / shares) };
  }
  return null;
}

/** What an ask holds of one node's accelerators, in thousandths of one; null where they are whole. */
export function milliHeld(node: NodeSnapshot | undefined, indexes: readonly number[], { gpus, gpuModel }: Pick<RunSpec["resources"], "gpus" | "gpuModel">): number | null {
  const kind = kindOn(node, gpuModel);
  if (!node || gpus === 0 || kind === null || kind.milli === WHOLE) return null;
  const named = node.accelerators.filter((one) => indexes.includes(one.index));
  const shared = named.find((one) => one.shares != null)?.shares;
  if (shared) return Math.floor((gpus * WHOLE) / shared);
  return named.length === gpus ? named.reduce((sum, one) => sum + (one.milli ?? WHOLE), 0) : kind.milli * gpus;
}
