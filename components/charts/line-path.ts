import type { LinePoint } from "../../domain/experiments/compare/lines.ts";
import type { To } from "./scales.ts";

type Corner = [x: number, y: number];

const tenth = (value: number) => Math.round(value * 10) / 10; // toFixed takes five times as long, and a page of charts has 100,000 corners

/** One place alone is a short dash: a path that goes nowhere would not be seen. */
function text(corners: readonly Corner[]): string {
  let path = "";
  for (const [x, y] of corners) path += `${path === "" ? "M" : "L"}${tenth(x)} ${tenth(y)}`;
  return corners.length === 1 ? `M${tenth(corners[0]![0] - 1.5)} ${tenth(corners[0]![1])}h3` : path;
}

/** A line's path, broken where nothing was measured. */
export function pathOf(points: readonly LinePoint[], gap: number, x: To, y: To): string {
  return runsOf(points, gap).map((run) => text(run.map((point): Corner => [x(point.x), y(point.y)]))).join("");
}

export function bandOf(points: readonly LinePoint[], gap: number, x: To, y: To): string {
  return runsOf(points, gap).map((run) => `${text([...run.map((point): Corner => [x(point.x), y(point.high)]), ...run.map((point): Corner => [x(point.x), y(point.low)]).reverse()])}Z`).join("");
}

function runsOf(points: readonly LinePoint[], gap: number): LinePoint[][] {
  const runs: LinePoint[][] = [];
  points.forEach((point, at) => {
    if (at === 0 || point.x - points[at - 1]!.x > gap) runs.push([]);
    runs.at(-1)!.push(point);
  });
  return runs;
}
