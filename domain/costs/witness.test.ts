import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { milliOfShares } from "../../agent/protocol/gpu-model.ts";
import { add, decimal, decimalText, trimmed } from "./decimal.ts";
import { milliOf } from "./metering.ts";
import { compareWitnesses, type CountedSpan, hoursOf, type WitnessedPart, witnessWords } from "./witness.ts";

interface Job {
  nodes: number;
  gpus: number;
  cpus: number;
  memoryMib: number;
  seconds: number;
}
/** Of each node, as is a run's request. */
const job = fc.record<Job>({ nodes: fc.integer({ min: 1, max: 64 }), gpus: fc.integer({ min: 0, max: 8 }), cpus: fc.integer({ min: 1, max: 128 }), memoryMib: fc.integer({ min: 16, max: 2_000_000 }), seconds: fc.integer({ min: 0, max: 30 * 86_400 }) });
const T0 = Date.UTC(2026, 10, 1);

/** A journal that saw it begin so many ms after the allocation, and end so many before the job was over. */
function journal({ nodes, gpus, cpus, memoryMib, seconds }: Job, late = 0, early = 0): CountedSpan[] {
  const span = { from: T0 + late, to: Math.max(T0 + late, T0 + seconds * 1000 - early) };
  const ofNode: CountedSpan[] = [...Array.from({ length: gpus }, () => ({ kind: "accelerator" as const, milli: 1000, ...span })), { kind: "cpu", milli: milliOf.cpus(cpus), ...span }, { kind: "memory", milli: milliOf.memory(memoryMib), ...span }];
  return Array.from({ length: nodes }, () => ofNode).flat();
}
const accounted = ({ nodes, gpus, cpus, memoryMib, seconds }: Job, more: Partial<WitnessedPart> = {}): WitnessedPart => ({ job: "42", state: "COMPLETED", nodeCount: nodes, endedAt: T0, heldSeconds: seconds, suspendedSeconds: 0, cpus: cpus * nodes, memoryMib: memoryMib * nodes, gpus: gpus * nodes, ...more });
const differing = (...args: Parameters<typeof compareWitnesses>) => compareWitnesses(...args).filter(({ agrees }) => !agrees).map(({ kind }) => kind);

describe("two witnesses of one attempt", () => {
  it("of shares of GPUs are compared by what those are of one, and not at all where the accounting keeps none", () => {
    fc.assert(fc.property(job.filter(({ seconds }) => seconds > 200), fc.integer({ min: 2, max: 64 }), fc.integer({ min: 1, max: 64 }), (one, shares, asked) => {
      const [count, held] = [Math.min(shares, asked), { ...one, gpus: 0 }];
      const share = { count, milli: milliOfShares(count, shares) };
      const spans = [...journal(held), ...Array.from({ length: one.nodes }, () => ({ kind: "accelerator" as const, milli: share.milli, from: T0, to: T0 + one.seconds * 1000 }))];
      const part = (more: Partial<WitnessedPart>) => [accounted(held, more)];
      expect(differing(spans, part({ shares: count * one.nodes }), one.nodes, share)).toEqual([]);
      expect(differing(spans, part({ shares: 2 * count * one.nodes }), one.nodes, share)).toEqual(["accelerator"]);
      expect(compareWitnesses(spans, part({}), one.nodes, share).map(({ kind }) => kind)).toEqual(["cpu", "memory"]);
    }));
  });

  it("agree while they differ by whole seconds, a prolog and an epilog of half a minute each", () => {
    fc.assert(fc.property(job, fc.integer({ min: 0, max: 29_000 }), fc.integer({ min: -1_000, max: 29_000 }), (one, late, early) => {
      expect(differing(journal(one, late, early), [accounted(one)], one.nodes)).toEqual([]);
    }));
  });

  it("are not excused by rounded cores for time that one of them misses", () => {
    fc.assert(fc.property(job.filter(({ seconds }) => seconds > 200), fc.integer({ min: 0, max: 2 }), (one, more) => {
      const parts = [accounted(one, { cpus: one.nodes * (one.cpus + more) })];
      expect(differing(journal(one, (one.seconds * 1000) / 2), parts, one.nodes)).toContain("cpu");
      expect(differing(journal({ ...one, seconds: one.seconds * 2 }), parts, one.nodes)).toContain("cpu");
    }));
  });

  it("agree on cores where the scheduler gave whole ones, with both threads, to each process", () => {
    fc.assert(fc.property(job, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 2 }), (one, tasks, more) => {
      expect(differing(journal(one), [accounted(one, { cpus: one.nodes * (one.cpus + tasks * more) })], one.nodes * tasks)).toEqual([]);
    }));
  });

  it("differ in each resource once one of them misses more than the slack, whichever one", () => {
    fc.assert(fc.property(job.filter(({ seconds, gpus }) => seconds > 200 && gpus > 0), fc.double({ min: 0.5, max: 1, noNaN: true }), (one, share) => {
      const missed = Math.ceil(Math.max(62, one.seconds * 0.002) + share * (one.seconds - Math.max(62, one.seconds * 0.002)));
      expect(differing(journal(one, missed * 1000), [accounted(one)], one.nodes)).toEqual(["accelerator", "cpu", "memory"]);
      expect(differing(journal(one), [accounted(one, { heldSeconds: one.seconds - missed })], one.nodes)).toEqual(["accelerator", "cpu", "memory"]);
    }));
  });

  it("have figures that add up, however the journal's time or the job's stretches are cut", () => {
    fc.assert(fc.property(job.filter(({ seconds }) => seconds > 1), fc.nat(), fc.nat(), (one, cutAt, requeuedAt) => {
      const figures = (spans: CountedSpan[], parts: WitnessedPart[]) => compareWitnesses(spans, parts, 1).map(({ agrees: _, ...line }) => line);
      const whole = figures(journal(one), [accounted(one)]);
      for (const { counted, witnessed, difference } of whole) expect(decimalText(trimmed(add(decimal(witnessed), decimal(difference))))).toBe(counted);
      const middle = T0 + (cutAt % (one.seconds * 1000));
      const cut = journal(one).flatMap((span) => [{ ...span, to: middle }, { ...span, from: middle }]);
      const first = requeuedAt % one.seconds;
      expect(figures(cut, [accounted(one, { heldSeconds: first }), accounted(one, { heldSeconds: one.seconds - first })])).toEqual(whole);
    }));
  });

  it("cannot differ in what one of them does not keep", () => {
    const one = { nodes: 1, gpus: 8, cpus: 8, memoryMib: 1024, seconds: 7200 };
    expect(compareWitnesses(journal(one), [accounted(one, { gpus: null })], 1).map(({ kind }) => kind)).toEqual(["cpu", "memory"]);
  });

  it("differ by all of it where the accounting knows no such job, and in nothing where nothing was held", () => {
    const one = { nodes: 2, gpus: 1, cpus: 4, memoryMib: 2048, seconds: 3600 };
    expect(compareWitnesses(journal(one), [], 2)).toMatchObject([{ kind: "accelerator", counted: "7200", witnessed: "0", difference: "7200", agrees: false }, { kind: "cpu", difference: "28800" }, { kind: "memory", difference: "14400" }]);
    expect(differing([], [], 1)).toEqual([]);
    expect(differing([], [accounted({ ...one, seconds: 3600 })], 2)).toEqual(["accelerator", "cpu", "memory"]);
  });
});

describe("the words of a difference", () => {
  const one = { nodes: 1, gpus: 2, cpus: 4, memoryMib: 1024, seconds: 7200 };
  it("say what differs and by how much, and what may explain it", () => {
    const parts = [accounted(one, { heldSeconds: 3600, suspendedSeconds: 3600 })];
    expect(witnessWords(compareWitnesses(journal(one), parts, 1), parts)).toBe("Slurm's accounting of job 42 (COMPLETED) has 2 GPU-hours less, 4 CPU-hours less, 1 GiB-hours less than is counted. It was suspended for 3600 s, which the journal counts as held.");
    expect(witnessWords(compareWitnesses(journal(one), [], 1), [])).toMatch(/knows no job/);
    const runs = [accounted(one, { state: "REQUEUED" }), accounted(one, { state: "RUNNING", endedAt: null })];
    expect(witnessWords(compareWitnesses(journal(one), runs, 1), runs)).toMatch(/job 42 \(RUNNING\) has 4 GPU-hours more, .* than is counted\. It has 2 stretches there: it was requeued\. It has no end there\./);
  });
  it("round hours to three digits, and small ones to six", () => {
    expect(["3600", "100", "-12345678", "0.5"].map(hoursOf)).toEqual(["1", "0.027778", "-3429.355", "0.000139"]);
  });
});
