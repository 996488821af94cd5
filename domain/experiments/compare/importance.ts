/** Which parameters decide a metric: a random forest's permutation importance, and the rank correlation beside it. */

export interface ImportanceRow {
  param: string;
  /** Share of the metric's variance that is lost when this parameter's values are shuffled. 0: it decides nothing. */
  importance: number;
  /** Spearman's rank correlation; null for parameters that are words. */
  correlation: number | null;
  /** Different values among the runs. */
  distinct: number;
}

export interface Importance {
  rows: ImportanceRow[];
  /** Runs that have the metric. */
  n: number;
  /** Share of the variance that the forest explains of runs it has not seen; below 0.1 its importances say little. */
  explained: number | null;
  /** What to keep in mind, in words. */
  caveats: string[];
}

/** One run's parameters as written, and its metric. */
export interface Sample {
  params: Readonly<Record<string, string>>;
  target: number;
}

const TREES = 60;
const MAX_DEPTH = 8;
const MIN_LEAF = 2;
export const MIN_SAMPLES = 5;

/**
 * Permutation importance on the runs that each tree has not seen (Breiman 2001), as a share of the metric's variance.
 * @param seed The same seed and runs give the same answer.
 */
export function importanceOf(samples: readonly Sample[], seed: number): Importance {
  const usable = samples.filter(({ target }) => Number.isFinite(target));
  const features = featuresOf(usable);
  const n = usable.length;
  if (n < MIN_SAMPLES || features.length === 0) return { rows: [], n, explained: null, caveats: [features.length === 0 && n >= MIN_SAMPLES ? "No parameter differs between these runs." : `At least ${MIN_SAMPLES} runs with this metric are needed.`] };
  const y = usable.map(({ target }) => target);
  const mean = average(y);
  const variance = average(y.map((value) => (value - mean) ** 2));
  if (variance === 0) return { rows: [], n, explained: null, caveats: ["The metric is the same in all runs."] };
  const dice = diceOf(seed);
  const { losses, explained } = forest(features.map(({ column }) => column), y, variance, dice);
  const rows = features
    .map(({ param, column, isNumeric, distinct }, at) => ({ param, importance: Math.max(0, losses[at]! / variance), correlation: isNumeric ? spearman(column, y) : null, distinct }))
    .sort((a, b) => b.importance - a.importance || Math.abs(b.correlation ?? 0) - Math.abs(a.correlation ?? 0));
  return { rows, n, explained, caveats: caveatsOf(n, features, explained) };
}

interface Feature {
  param: string;
  column: number[];
  isNumeric: boolean;
  distinct: number;
}

/** Numbers as they are; words by how often they occur and by name, so that a tree can part them. A missing one is a word of its own. */
function featuresOf(samples: readonly Sample[]): Feature[] {
  const params = [...new Set(samples.flatMap(({ params }) => Object.keys(params)))].sort();
  return params.flatMap((param): Feature[] => {
    const values = samples.map(({ params }) => params[param]);
    const distinct = new Set(values).size;
    if (distinct < 2) return [];
    const isNumeric = values.every((value) => value !== undefined && value.trim() !== "" && Number.isFinite(Number(value)));
    if (isNumeric) return [{ param, column: values.map(Number), isNumeric, distinct }];
    const order = wordOrder(values, samples);
    return [{ param, column: values.map((value) => order.get(value)!), isNumeric, distinct }];
  });
}

/** Words in the order of their mean metric: one cut can then part the good from the bad. */
function wordOrder(values: readonly (string | undefined)[], samples: readonly Sample[]): Map<string | undefined, number> {
  const sums = new Map<string | undefined, { sum: number; n: number }>();
  values.forEach((value, at) => {
    const entry = sums.get(value) ?? { sum: 0, n: 0 };
    sums.set(value, { sum: entry.sum + samples[at]!.target, n: entry.n + 1 });
  });
  const sorted = [...sums].sort(([a, x], [b, y]) => x.sum / x.n - y.sum / y.n || String(a).localeCompare(String(b)));
  return new Map(sorted.map(([value], place) => [value, place]));
}

function forest(columns: readonly number[][], y: readonly number[], variance: number, dice: () => number): { losses: number[]; explained: number | null } {
  const n = y.length;
  const losses = columns.map(() => 0);
  const voted = Array.from({ length: n }, () => ({ sum: 0, n: 0 }));
  let scored = 0;
  for (let t = 0; t < TREES; t += 1) {
    const bag = Array.from({ length: n }, () => Math.floor(dice() * n));
    const inBag = new Set(bag);
    const out = y.flatMap((_, at) => (inBag.has(at) ? [] : [at]));
    if (out.length === 0) continue;
    const tree = grow(columns, y, bag, dice, 0);
    const rowOf = (at: number) => (feature: number) => columns[feature]![at]!;
    const errorOf = (valueAt: (at: number) => (feature: number) => number) => average(out.map((at) => (predict(tree, valueAt(at)) - y[at]!) ** 2));
    const error = errorOf(rowOf);
    for (const at of out) {
      voted[at]!.sum += predict(tree, rowOf(at));
      voted[at]!.n += 1;
    }
    columns.forEach((column, feature) => {
      const shuffled = shuffle(out, dice);
      const swapped = new Map(out.map((at, place) => [at, column[shuffled[place]!]!]));
      losses[feature]! += errorOf((at) => (other) => (other === feature ? swapped.get(at)! : columns[other]![at]!)) - error;
    });
    scored += 1;
  }
  const seen = voted.flatMap(({ sum, n: votes }, at) => (votes > 0 ? [(sum / votes - y[at]!) ** 2] : []));
  return { losses: losses.map((loss) => loss / Math.max(1, scored)), explained: seen.length > 0 ? 1 - average(seen) / variance : null };
}

type Tree = { mean: number } | { feature: number; cut: number; left: Tree; right: Tree };

function grow(columns: readonly number[][], y: readonly number[], rows: readonly number[], dice: () => number, depth: number): Tree {
  const mean = average(rows.map((at) => y[at]!));
  if (depth >= MAX_DEPTH || rows.length < 2 * MIN_LEAF) return { mean };
  // A third of the features at each cut, and at least two: trees that differ are what a forest lives from.
  const tried = shuffle(columns.map((_, at) => at), dice).slice(0, Math.max(2, Math.ceil(columns.length / 3)));
  let best: { feature: number; cut: number; gain: number } | null = null;
  for (const feature of tried) {
    const found = bestCut(columns[feature]!, y, rows);
    if (found && (!best || found.gain > best.gain)) best = { feature, ...found };
  }
  if (!best) return { mean };
  const { feature, cut } = best;
  const left = rows.filter((at) => columns[feature]![at]! <= cut);
  const right = rows.filter((at) => columns[feature]![at]! > cut);
  return { feature, cut, left: grow(columns, y, left, dice, depth + 1), right: grow(columns, y, right, dice, depth + 1) };
}

/** Where parting the rows by this column takes most from the squared error. */
function bestCut(column: readonly number[], y: readonly number[], rows: readonly number[]): { cut: number; gain: number } | null {
  const sorted = [...rows].sort((a, b) => column[a]! - column[b]!);
  const total = sorted.reduce((sum, at) => sum + y[at]!, 0);
  const n = sorted.length;
  let left = 0;
  let best: { cut: number; gain: number } | null = null;
  for (let k = 0; k < n - 1; k += 1) {
    left += y[sorted[k]!]!;
    const [here, next] = [column[sorted[k]!]!, column[sorted[k + 1]!]!];
    if (here === next || k + 1 < MIN_LEAF || n - k - 1 < MIN_LEAF) continue;
    const gain = left ** 2 / (k + 1) + (total - left) ** 2 / (n - k - 1) - total ** 2 / n;
    if (gain > 1e-12 && (!best || gain > best.gain)) best = { cut: (here + next) / 2, gain };
  }
  return best;
}

function predict(tree: Tree, valueOf: (feature: number) => number): number {
  let node = tree;
  while ("cut" in node) node = valueOf(node.feature) <= node.cut ? node.left : node.right;
  return node.mean;
}

function caveatsOf(n: number, features: readonly Feature[], explained: number | null): string[] {
  const said: string[] = [];
  if (n < 20) said.push(`Only ${n} runs: with fewer than 20 the order may change with the next run.`);
  if (explained === null || explained < 0.1) said.push("The parameters explain little of this metric; something else decides it, or it is noise.");
  const pair = correlatedPair(features);
  if (pair) said.push(`${pair[0]} and ${pair[1]} move together in these runs: their shares cannot be told apart.`);
  return said;
}

function correlatedPair(features: readonly Feature[]): [string, string] | null {
  for (const [at, a] of features.entries()) {
    for (const b of features.slice(at + 1)) if (Math.abs(spearman(a.column, b.column)) > 0.9) return [a.param, b.param];
  }
  return null;
}

/** Rank correlation, ties sharing their mean rank. 0 where one side never changes. */
export function spearman(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ranks(a), ranks(b)];
  const [mx, my] = [average(x), average(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let at = 0; at < x.length; at += 1) {
    xy += (x[at]! - mx) * (y[at]! - my);
    xx += (x[at]! - mx) ** 2;
    yy += (y[at]! - my) ** 2;
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, at) => at).sort((a, b) => values[a]! - values[b]!);
  const found: number[] = Array.from({ length: values.length }, () => 0);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]!] === values[order[from]!]) to += 1;
    for (let at = from; at <= to; at += 1) found[order[at]!] = (from + to) / 2;
    from = to + 1;
  }
  return found;
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

function shuffle<T>(items: readonly T[], dice: () => number): T[] {
  const copy = [...items];
  for (let at = copy.length - 1; at > 0; at -= 1) {
    const other = Math.floor(dice() * (at + 1));
    [copy[at], copy[other]] = [copy[other]!, copy[at]!];
  }
  return copy;
}

/** mulberry32: 0 up to 1, the same for the same seed. */
function diceOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
