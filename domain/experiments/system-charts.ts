import type { Series } from "./run-view.ts";

export interface SystemChart {
  key: string;
  title: string;
  unit: string;
  series: { key: string; label: string; points: Series["points"] }[];
}

const TITLES: Record<string, string> = { cpu: "CPU in use", memory: "Memory in use", gpu: "GPU busy", gpuMemory: "GPU memory in use", temperature: "GPU temperature", power: "GPU power", networkIn: "Network in", networkOut: "Network out", disk: "Disk in use" };
const ORDER = Object.keys(TITLES);

/** Series named `cpu`, `memory` or `gpu <node>/<index>` as one chart per kind, an accelerator a line. Known kinds first. */
export function systemChartsOf(found: readonly { key: string; unit: string; series: Series }[]): SystemChart[] {
  const charts = new Map<string, SystemChart>();
  for (const { key, unit, series } of found) {
    const at = key.indexOf(" ");
    const kind = at < 0 ? key : key.slice(0, at);
    const chart = charts.get(kind) ?? { key: kind, title: TITLES[kind] ?? kind, unit, series: [] };
    chart.series.push({ key, label: at < 0 ? (TITLES[kind] ?? kind) : key.slice(at + 1), points: series.points });
    charts.set(kind, chart);
  }
  const rank = (kind: string) => (ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length);
  return [...charts.values()].sort((a, b) => rank(a.key) - rank(b.key) || (a.key < b.key ? -1 : 1));
}
