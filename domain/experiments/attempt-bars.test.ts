import fc from "fast-check";
import { expect, it } from "vitest";
import { attemptBars } from "./attempt-bars.ts";

const bar = (number: number, assigned: number, started: number | null, ended: number | null) => ({ number, status: "ended" as const, assignedAt: new Date(assigned), startedAt: started === null ? null : new Date(started), endedAt: ended === null ? null : new Date(ended) });

it("parts an attempt into waiting, setting up and running", () => {
  const { rows } = attemptBars({ from: 0, to: 128_000, attempts: [bar(1, 32_000, 48_000, 64_000), bar(2, 96_000, 112_000, null)] });
  expect(rows[0]).toMatchObject({ waitFrom: 0, waitShare: 0.25, setupShare: 0.125, runFrom: 0.375, runShare: 0.125, runSeconds: 16 });
  expect(rows[1]).toMatchObject({ waitFrom: 0.5, waitSeconds: 32, runFrom: 0.875, runSeconds: 16 });
});
it("shows an attempt that never started as set-up only", () => {
  expect(attemptBars({ from: 0, to: 10_000, attempts: [bar(1, 2000, null, 4000)] }).rows[0]).toMatchObject({ setupSeconds: 2, runShare: 0, runSeconds: 0 });
});
it("never draws outside the track, whatever clocks say", () => {
  const time = fc.integer({ min: -1e5, max: 3e5 });
  fc.assert(
    fc.property(fc.array(fc.tuple(time, fc.option(time), fc.option(time)), { maxLength: 5 }), (tries) => {
      for (const row of attemptBars({ from: 0, to: 100_000, attempts: tries.map(([a, s, e], index) => bar(index + 1, a, s, e)) }).rows) {
        for (const [start, share] of [[row.waitFrom, row.waitShare], [row.setupFrom, row.setupShare], [row.runFrom, row.runShare]] as const) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(share).toBeGreaterThanOrEqual(0);
          expect(start + share).toBeLessThanOrEqual(1 + 1e-9);
        }
      }
    }),
  );
});
