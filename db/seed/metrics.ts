import type { metricBatches, metricSummaries } from "../schema/experiments.ts";
import type { Dice } from "./dice.ts";

/** What the curves of a run are drawn from. */
export interface Measured {
  runId: string;
  experimentId: string;
  attemptId: string | null;
  startedAt: number;
  endedAt: number;
  rate: number;
  batchSize: number;
  gpus: number;
  /** Whether its program logs all that one logs of a language model, or a loss and an accuracy. */
  isThorough: boolean;
  points: number;
}

interface Course {
  steps: number[];
  values: number[];
}

/** Near this rate the loss ends lowest; far above it some runs diverge. */
const BEST_RATE = 5e-4;
const RISKY_RATE = 3e-3;
const WARM_UP = 0.05;
/** A program measures on held-out data once in so many of its steps. */
const VALIDATES_EVERY = 4;
const SEQUENCE = 2048;

/** One batch and one summary for each metric that a run logged. */
export function metricsOf(dice: Dice, run: Measured): { batches: (typeof metricBatches.$inferInsert)[]; summaries: (typeof metricSummaries.$inferInsert)[] } {
  const timeOf = (step: number) => Math.round(run.startedAt + ((run.endedAt - run.startedAt) * step) / run.points);
  const rows = Object.entries(coursesOf(dice, run)).map(([key, { steps, values }]) => {
    const times = steps.map(timeOf);
    const finite = values.filter(Number.isFinite);
    const ends = { minStep: steps[0]!, maxStep: steps.at(-1)! };
    return {
      batch: { id: dice.id("metricBatch", run.startedAt), runId: run.runId, key, attemptId: run.attemptId, ...ends, steps, times, values },
      summary: {
        runId: run.runId, key, experimentId: run.experimentId, count: values.length, min: finite.length > 0 ? Math.min(...finite) : null, max: finite.length > 0 ? Math.max(...finite) : null,
        last: values.at(-1)!, lastStep: ends.maxStep, lastTime: times.at(-1)!, ...ends, minTime: times[0]!, maxTime: times.at(-1)!,
      },
    };
  });
  return { batches: rows.map(({ batch }) => batch), summaries: rows.map(({ summary }) => summary) };
}

function coursesOf(dice: Dice, run: Measured): Record<string, Course> {
  const steps = Array.from({ length: run.points }, (_, at) => at + 1);
  const fate = fateOf(dice, run);
  const loss = steps.map((step) => lossAt(dice, fate, step / run.points));
  const course = (valueOf: (at: number) => number): Course => ({ steps, values: steps.map((_, at) => valueOf(at)) });
  const short = { loss: { steps, values: loss }, accuracy: course((at) => accuracyOf(loss[at]!)) };
  return run.isThorough ? { ...short, ...validationOf(dice, steps, loss), ...trainingOf(dice, run, fate, course) } : short;
}

interface Fate {
  floor: number;
  speed: number;
  noise: number;
  /** The part of the run after which its loss rises; null for most. */
  divergesAt: number | null;
  /** Whether what diverged ends as not a number, as with half precision. */
  overflows: boolean;
}

/** The rate decides most, the size of a batch how noisy it is, luck the rest. */
function fateOf(dice: Dice, { rate, batchSize }: Measured): Fate {
  const decades = Math.log10(rate / BEST_RATE);
  return {
    floor: dice.between(0.12, 0.3) + 0.5 * decades ** 2,
    speed: dice.between(3.5, 5.5) + 2 * decades,
    noise: 0.1 / Math.sqrt(batchSize / 16),
    divergesAt: rate >= RISKY_RATE && dice.next() < 0.35 ? dice.between(0.15, 0.8) : null,
    overflows: dice.next() < 0.5,
  };
}

function lossAt(dice: Dice, { floor, speed, noise, divergesAt, overflows }: Fate, done: number): number {
  const learnt = floor + 2.2 * Math.exp(-speed * done) * (1 + dice.between(-0.5, 0.5) * noise) + floor * noise * dice.between(-1, 1);
  const since = divergesAt === null ? 0 : done - divergesAt;
  if (since <= 0) return learnt;
  return overflows && since > 0.08 ? Number.NaN : Math.min(7.5, learnt * Math.exp(30 * since)) + dice.between(0, 0.4);
}

const accuracyOf = (loss: number): number => Math.max(0, 1 - (Math.max(0, loss) / 2.8) ** 0.8); // NaN stays NaN

function validationOf(dice: Dice, every: readonly number[], training: readonly number[]): Record<string, Course> {
  const steps = every.filter((step) => step % VALIDATES_EVERY === 0);
  const gap = dice.between(0.02, 0.12);
  const losses = steps.map((step) => training[step - 1]! + gap * (step / every.length) + dice.between(0, 0.02));
  return { "val/loss": { steps, values: losses }, "val/accuracy": { steps, values: losses.map(accuracyOf) }, "val/perplexity": { steps, values: losses.map(Math.exp) } };
}

/** How the optimizer and the machines did. */
function trainingOf(dice: Dice, { rate, batchSize, gpus, points }: Measured, { divergesAt, noise }: Fate, course: (valueOf: (at: number) => number) => Course): Record<string, Course> {
  const pace = gpus * 1100 * (batchSize / (batchSize + 24)) * dice.between(0.92, 1.05);
  const doneAt = (at: number) => (at + 1) / points;
  const isLost = (at: number) => divergesAt !== null && doneAt(at) > divergesAt;
  const tokensPerSecond = course(() => pace * (dice.next() < 0.02 ? dice.between(0.4, 0.8) : dice.between(0.97, 1.02))); // now and then the data are late
  const cosine = (done: number) => 0.1 + 0.45 * (1 + Math.cos(Math.PI * done));
  return {
    lr: course((at) => rate * (doneAt(at) < WARM_UP ? doneAt(at) / WARM_UP : cosine((doneAt(at) - WARM_UP) / (1 - WARM_UP)))),
    grad_norm: course((at) => (0.35 + 1.8 * Math.exp(-6 * doneAt(at))) * (1 + 3 * noise * dice.next() ** 4) * (isLost(at) ? dice.between(8, 40) : dice.next() < 0.01 ? dice.between(3, 6) : 1)),
    tokens_per_second: tokensPerSecond,
    mfu: { ...tokensPerSecond, values: tokensPerSecond.values.map((value) => (0.52 * value) / (gpus * 1150)) },
    tokens: course((at) => (at + 1) * batchSize * SEQUENCE),
  };
}
