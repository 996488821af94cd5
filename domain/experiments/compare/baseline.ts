/** Which way a metric gets better: by its name, unless a person said otherwise. */
export type Direction = "lower" | "higher";

const HIGHER = /acc|f1|auc|precision|recall|bleu|rouge|reward|score|map\b|iou|dice|psnr|ssim|r2|throughput|tokens_per|per_second|utili[sz]ation|win_?rate/i;
const LOWER = /loss|err|mse|mae|rmse|perplexity|ppl|nll|bpb|latency|time|seconds|duration|memory|wer\b|cer\b|fid|kl\b|divergence|cost/i;

/** null: the name does not say. Losses win over scores (`score_loss` is a loss). */
export function directionOf(key: string): Direction | null {
  if (LOWER.test(key)) return "lower";
  return HIGHER.test(key) ? "higher" : null;
}

export interface Delta {
  /** Value minus the baseline's. */
  by: number;
  /** In shares of the baseline; null where that is zero. */
  share: number | null;
  /** null where nobody knows which way is better, or nothing changed. */
  better: boolean | null;
}

/** @returns null where either is missing or not a number. */
export function deltaTo(value: number | null | undefined, baseline: number | null | undefined, direction: Direction | null): Delta | null {
  if (typeof value !== "number" || typeof baseline !== "number" || !Number.isFinite(value) || !Number.isFinite(baseline)) return null;
  const by = value - baseline;
  return { by, share: baseline === 0 ? null : by / Math.abs(baseline), better: direction === null || by === 0 ? null : direction === "lower" ? by < 0 : by > 0 };
}

/** "none": neither way is better. */
export type Way = Direction | "none";
const NEXT: Record<Way, Way> = { lower: "higher", higher: "none", none: "lower" };

/** What a person said of a metric, as the URL writes it (`lower:loss`); else what its name says. */
export function wayOf(key: string, said: readonly string[]): Way {
  const own = said.find((one) => keyIn(one) === key)?.split(":")[0];
  return own === "lower" || own === "higher" || own === "none" ? own : (directionOf(key) ?? "none");
}

/** The next of the three ways for this metric; what was said of others stays. */
export const turnWay = (key: string, said: readonly string[]): string[] => [...said.filter((one) => keyIn(one) !== key), `${NEXT[wayOf(key, said)]}:${key}`];

const keyIn = (one: string): string => one.slice(one.indexOf(":") + 1);
