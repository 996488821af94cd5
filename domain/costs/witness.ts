import { decimal, decimalText, divide, roundHalfEven, trimmed } from "./decimal.ts";
import { HELD_KINDS, type HeldKind, KIND_UNIT, milliOf } from "./metering.ts";

/**
 * How far two honest witnesses of one attempt may be apart: the greater of so many seconds for each stretch that the
 * scheduler had it, and so many thousandths of what was held. A scheduler's clock counts whole seconds and starts with the
 * allocation; the journal starts after the prolog and ends before the job has left its nodes.
 */
export const SLACK_SECONDS = 60n;
export const SLACK_PER_MILLE = 1n;
/** Schedulers give whole cores, with both their threads, to each process: up to so many more for each are no difference. */
export const ROUNDED_CORES = 2n;

/** Who else keeps what attempts held. */
export const WITNESS_SOURCES = ["slurm"] as const;
export type WitnessSource = (typeof WITNESS_SOURCES)[number];

/** What is counted, and so charged: of one asset, from when to when, Unix ms. */
export interface CountedSpan {
  kind: HeldKind;
  milli: number;
  from: number;
  to: number;
}
/** One stretch of the attempt's job in the scheduler's accounting. Amounts are of the whole job. */
export interface WitnessedPart {
  job: string;
  state: string;
  nodeCount: number;
  endedAt: number | null;
  heldSeconds: number;
  suspendedSeconds: number;
  cpus: number;
  memoryMib: number;
  /** Null: the accounting does not keep GPUs. */
  gpus: number | null;
  /** Of GPUs; absent where the accounting does not keep them. */
  shares?: number | undefined;
}
/** Seconds times amount, in exact decimals: GPU-seconds, core-seconds, GiB-seconds. */
export interface WitnessLine {
  kind: HeldKind;
  counted: string;
  witnessed: string;
  /** Counted less witnessed: negative where the scheduler says more. */
  difference: string;
  agrees: boolean;
}

/** Of the whole job: one for each node, but for MPI, of which the scheduler is asked for every one. */
export function processesAsked({ launcher, processesPerNode, gpus, nodes }: { launcher: string; processesPerNode: number | null; gpus: number; nodes: number }): number {
  return nodes * (launcher === "mpi" ? (processesPerNode ?? Math.max(1, gpus)) : 1);
}

/** Millionths of a unit-second: thousandths of a unit, for so many milliseconds. */
interface Sum {
  micro: bigint;
  heldMs: bigint;
}
const MICRO = 6;
const text = (micro: bigint): string => decimalText(trimmed({ units: micro, scale: MICRO }));
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const up = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

/** For how long any of it was held: spans of several nodes or devices lie over each other. */
function coveredMs(spans: readonly CountedSpan[]): bigint {
  let [covered, until] = [0, Number.NEGATIVE_INFINITY];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    covered += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return BigInt(covered);
}

const countedOf = (spans: readonly CountedSpan[]): Sum => ({ micro: spans.reduce((sum, { milli, from, to }) => sum + BigInt(milli) * BigInt(to - from), 0n), heldMs: coveredMs(spans) });

/** What the attempt held of each node in shares of GPUs: so many, which are so many thousandths of one together. */
export interface Share {
  count: number;
  milli: number;
}

/** Memory is cut to thousandths node by node, as the journal's is. */
function milliOfPart(kind: HeldKind, { cpus, memoryMib, gpus, shares, nodeCount }: WitnessedPart, share: Share | null): number {
  if (kind === "accelerator") return milliOf.accelerators(gpus ?? 0) + (share ? Math.round(((shares ?? 0) * share.milli) / share.count) : 0);
  if (kind === "cpu") return milliOf.cpus(cpus);
  const nodes = Math.max(1, nodeCount);
  return milliOf.memory(memoryMib / nodes) * nodes;
}

function witnessedOf(kind: HeldKind, parts: readonly WitnessedPart[], share: Share | null): Sum {
  const milliseconds = ({ heldSeconds }: WitnessedPart) => BigInt(heldSeconds) * 1000n;
  return { micro: parts.reduce((sum, part) => sum + BigInt(milliOfPart(kind, part, share)) * milliseconds(part), 0n), heldMs: parts.reduce((sum, part) => sum + milliseconds(part), 0n) };
}

/** The greater of what so many seconds and what so many thousandths come to. */
function slackOf(counted: Sum, witnessed: Sum, stretches: number): bigint {
  const milli = (sum: Sum) => (sum.heldMs === 0n ? 0n : up(sum.micro, sum.heldMs));
  const bySeconds = most(milli(counted), milli(witnessed)) * SLACK_SECONDS * 1000n * BigInt(Math.max(1, stretches));
  return most(bySeconds, (most(counted.micro, witnessed.micro) * SLACK_PER_MILLE) / 1000n);
}

/** Cores beyond those that are counted that whole ones explain, for as long as the witness says: they excuse no time. */
function roundedOf(counted: Sum, witnessed: Sum, processes: number): bigint {
  if (counted.heldMs === 0n) return 0n;
  const beyond = witnessed.micro - (counted.micro * witnessed.heldMs) / counted.heldMs;
  return most(0n, least(beyond, ROUNDED_CORES * 1000n * BigInt(processes) * witnessed.heldMs));
}

/**
 * What is counted of an attempt beside what its scheduler's accounting says, resource by resource. What the accounting does
 * not keep is left out: it is no witness of that.
 * @param processes Of the whole job, as its scheduler was asked for them.
 * @param share Where it had shares of GPUs.
 */
export function compareWitnesses(spans: readonly CountedSpan[], parts: readonly WitnessedPart[], processes: number, share: Share | null = null): WitnessLine[] {
  return HELD_KINDS.flatMap((kind) => {
    if (kind === "accelerator" && parts.some(({ gpus, shares }) => gpus === null || (share !== null && shares === undefined))) return [];
    const counted = countedOf(spans.filter((span) => span.kind === kind));
    const witnessed = witnessedOf(kind, parts, share);
    const difference = counted.micro - witnessed.micro;
    const stretches = parts.filter(({ heldSeconds }) => heldSeconds > 0).length;
    const left = difference + (kind === "cpu" ? roundedOf(counted, witnessed, processes) : 0n);
    const agrees = (left < 0n ? -left : left) <= slackOf(counted, witnessed, stretches);
    return [{ kind, counted: text(counted.micro), witnessed: text(witnessed.micro), difference: text(difference), agrees }];
  });
}

/** Unit-seconds as unit-hours, for the eye; small ones keep their first digits. */
export function hoursOf(seconds: string): string {
  const exact = divide(decimal(seconds), { units: 3600n, scale: 0 }, 6);
  const isSmall = exact.units < 100_000n && exact.units > -100_000n; // less than a tenth
  return decimalText(trimmed(isSmall ? exact : roundHalfEven(exact, 3)));
}

/** What differs, in one sentence, and what of the job may explain it. */
export function witnessWords(lines: readonly WitnessLine[], parts: readonly WitnessedPart[]): string {
  const said = lines.filter(({ agrees }) => !agrees).map(({ kind, difference }) => `${hoursOf(difference.replace("-", ""))} ${KIND_UNIT[kind]}s ${difference.startsWith("-") ? "more" : "less"}`);
  if (parts.length === 0) return "Slurm's accounting knows no job of this attempt, yet usage of it is counted.";
  const last = parts.at(-1)!;
  const suspended = parts.reduce((sum, { suspendedSeconds }) => sum + suspendedSeconds, 0);
  const why = [
    ...(suspended > 0 ? [` It was suspended for ${suspended} s, which the journal counts as held.`] : []),
    ...(parts.length > 1 ? [` It has ${parts.length} stretches there: it was requeued.`] : []),
    ...(last.endedAt === null ? [" It has no end there."] : []),
  ];
  return `Slurm's accounting of job ${last.job} (${last.state}) has ${said.join(", ")} than is counted.${why.join("")}`;
}
