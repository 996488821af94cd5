import { keyFilter } from "../../../domain/experiments/chart-model.ts";
import { linesPanel, type Panel, panelKeys } from "../../../domain/experiments/compare/workspace.ts";
import type { CompareState } from "./compare-params.ts";

/** Seconds on the page, milliseconds on the wire. */
export const scaleOf = (x: string): number => (x === "relative" ? 0.001 : 1);

/** What a chart asks the server for beside its metric and runs. */
export function shownPart({ x, from, to, group }: Pick<CompareState, "x" | "from" | "to" | "group">) {
  const scale = scaleOf(x);
  return { x, ...(from !== null && to !== null ? { from: from / scale, to: to / scale } : {}), ...(group ? { group } : {}) };
}

/** The charts: every metric at first, up to `limit`; those that were chosen, once somebody did. */
export function panelsOf({ panels, q }: Pick<CompareState, "panels" | "q">, metricKeys: readonly string[], limit: number): Panel[] {
  return panels ?? metricKeys.filter(keyFilter(q).matches).slice(0, limit).map(linesPanel);
}

/** Metrics of each chart's lines, in the order of the charts. */
export const keysOfPanels = (panels: readonly Panel[], metricKeys: readonly string[]): string[][] =>
  panels.map(({ kind, of }) => (kind === "lines" ? panelKeys(of[0]!, metricKeys).keys : []));

/** Of a chart in the grid with its head and notes, px. */
export const CHART_HEIGHT = 256;
export const SHOWN = 24;
