import { expect, it } from "vitest";
import { systemChartsOf } from "./system-charts.ts";

const found = (key: string, unit = "") => ({ key, unit, series: { key, points: [], nonFinite: 0, total: 0 } });

it("draws one chart per kind of measurement, with an accelerator a line, known kinds first", () => {
  const charts = systemChartsOf([found("zeta"), found("gpu n1/0", "%"), found("gpu n1/1", "%"), found("memory", "MiB"), found("cpu", "cores")]);
  expect(charts.map((chart) => `${chart.title} ${chart.unit}: ${chart.series.map((one) => one.label).join(", ")}`)).toEqual(["CPU in use cores: CPU in use", "Memory in use MiB: Memory in use", "GPU busy %: n1/0, n1/1", "zeta : zeta"]);
});
