import { describe, expect, it } from "vitest";
import { importanceOf, type Sample, spearman } from "./importance.ts";

/** Even, fixed values between 0 and 1. */
const spread = (at: number, prime: number) => ((at * prime) % 97) / 97;
const sample = (at: number, target: (p: { lr: number; width: number; noise: number; opt: string }) => number): Sample => {
  const p = { lr: spread(at, 31), width: spread(at, 53), noise: spread(at, 71), opt: at % 2 ? "adam" : "sgd" };
  return { params: { lr: String(p.lr), width: String(p.width), noise: String(p.noise), opt: p.opt }, target: target(p) };
};
const samples = (target: Parameters<typeof sample>[1], n = 80) => Array.from({ length: n }, (_, at) => sample(at + 1, target));

describe("which parameters decide a metric", () => {
  it("finds the one that does, and gives the others next to nothing", () => {
    const { rows, explained } = importanceOf(samples(({ lr }) => 3 * lr), 7);
    expect(rows[0]).toMatchObject({ param: "lr" });
    expect(rows[0]!.correlation).toBeCloseTo(1, 2);
    for (const row of rows.slice(1)) expect(row.importance).toBeLessThan(rows[0]!.importance / 10);
    expect(explained).toBeGreaterThan(0.8);
  });

  it("finds one whose effect is no straight line, which a correlation cannot see", () => {
    const { rows } = importanceOf(samples(({ lr }) => (lr - 0.5) ** 2), 7);
    expect(rows[0]!.param).toBe("lr");
    expect(Math.abs(rows[0]!.correlation!)).toBeLessThan(0.35);
  });

  it("finds a word that decides, and orders by how much", () => {
    const { rows } = importanceOf(samples(({ opt, lr }) => (opt === "adam" ? 1 : 0) + 0.2 * lr), 7);
    expect(rows.slice(0, 2).map(({ param, correlation }) => [param, correlation === null])).toEqual([["opt", true], ["lr", false]]);
  });

  it("says that it cannot explain noise", () => {
    const { explained, caveats } = importanceOf(Array.from({ length: 60 }, (_, at) => sample(at + 1, () => Math.sin(at * at * 12.9898) * 43_758.5453 % 1)), 7);
    expect(explained).toBeLessThan(0.1);
    expect(caveats.join(" ")).toMatch(/explain little/);
  });

  it("gives the same answer for the same seed", () => {
    const some = samples(({ lr, width }) => lr + width);
    expect(importanceOf(some, 3)).toEqual(importanceOf(some, 3));
  });

  it("warns of few runs and of parameters that move together, and refuses fewer than five", () => {
    const twins = samples(({ lr }) => lr, 12).map(({ params, target }) => ({ params: { a: params.lr!, b: String(Number(params.lr) * 2 + 1) }, target }));
    expect(importanceOf(twins, 1).caveats).toEqual([expect.stringMatching(/Only 12 runs/), expect.stringMatching(/a and b move together/)]);
    expect(importanceOf(twins.slice(0, 4), 1)).toMatchObject({ rows: [], n: 4, caveats: [expect.stringMatching(/At least 5/)] });
    expect(importanceOf(twins.map(({ params }) => ({ params, target: 1 })), 1).caveats).toEqual(["The metric is the same in all runs."]);
  });
});

it("a rank correlation shares ranks among equals", () => {
  expect(spearman([1, 2, 3], [10, 100, 1000])).toBeCloseTo(1);
  expect(spearman([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1);
  expect(spearman([1, 1, 1], [1, 2, 3])).toBe(0);
  expect(spearman([1, 2, 2, 3], [1, 2, 2, 3])).toBeCloseTo(1);
});
