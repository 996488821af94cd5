"use client";
import { useId, useMemo } from "react";
import { canLog, clipOutliers, extentOfLines, type Line, raiseBands, type Stroke } from "../../domain/experiments/compare/lines.ts";
import { formatNumber } from "../../domain/shared/format.ts";
import { ChartEmpty, ChartFrame, ChartLoading } from "./chart-frame.tsx";
import { useHighlight } from "./highlight.tsx";
import { LinesPlot } from "./lines-plot.tsx";
import type { XKind } from "./prepare-series.ts";
import classes from "./charts.module.css";

export interface LinesLook {
  chartId: string;
  /** `number`: another metric's values. */
  xKind: XKind | "number";
  xLabel?: string | undefined;
  logX: boolean;
  logY: boolean;
  /** Least and greatest as a band; raw values faint under a smoothed line. */
  band: boolean;
  smoothed: boolean;
  strokeOf: (id: string) => Stroke;
  /** More about a line at x, for the tooltip: n of a group. */
  extra?: ((id: string, x: number) => string) | undefined;
  events?: readonly { x: number; label: string }[] | undefined;
  onZoom?: ((range: [number, number] | null) => void) | undefined;
  syncId?: string | undefined;
}

export interface LinesChartProps extends Omit<LinesLook, "chartId"> {
  title: string;
  lines: readonly Line[];
  domain?: [number, number] | undefined;
  clip: boolean;
  height: number;
  tools?: React.ReactNode;
  loading: boolean;
  empty?: React.ReactNode;
  legend?: React.ReactNode;
  /** In words, under the chart: what is not drawn. */
  notes?: readonly string[];
}

/** Many runs over one axis. What cannot be shown as asked is said in words under the chart. */
export function LinesChart({ title, lines: given, height, loading, tools, clip, empty, legend, notes = [], domain: asked, ...rest }: LinesChartProps) {
  const chartId = useId();
  const { owner, set } = useHighlight();
  const lines = useMemo(() => (rest.logY ? raiseBands(given) : given), [given, rest.logY]);
  const model = useMemo(() => {
    const drawn = extentOfLines(lines, asked);
    if (!drawn) return null;
    const cut = clip ? clipOutliers(lines) : null;
    const domain = asked ?? drawn.x;
    return { domain, y: cut?.y ?? drawn.y, cut: cut?.cut ?? 0, canLogY: canLog(lines), canLogX: domain[0] > 0 };
  }, [lines, asked, clip]);
  const logY = rest.logY && (model?.canLogY ?? false);
  const logX = rest.logX && (model?.canLogX ?? false);
  const said = loading ? ["Loading …"] : [...notes, ...(model ? limitsOf({ raised: lines !== given, cut: model.cut, flatY: rest.logY && !logY, flatX: rest.logX && !logX }) : [])];
  const summary = model ? summaryOf(title, lines) : `${title}: ${loading ? "loading" : "nothing measured"}.`;
  return (
    <ChartFrame title={title} tools={tools} summary={summary}>
      <div className={classes.plot} style={{ height }} onPointerEnter={() => (owner.current = chartId)} onPointerLeave={() => set(null)}>
        {loading ? <ChartLoading height={height} /> : !model ? <ChartEmpty height={height}>{empty ?? "None of these runs has this metric in this range."}</ChartEmpty> : (
          <LinesPlot {...rest} chartId={chartId} logX={logX} logY={logY} lines={lines} height={height} domain={model.domain} yDomain={model.y} />
        )}
      </div>
      {legend}
      <div className={classes.notes} title={said.join(" · ")}>{said.join(" · ")}</div>
    </ChartFrame>
  );
}

function limitsOf({ raised, cut, flatY, flatX }: { raised: boolean; cut: number; flatY: boolean; flatX: boolean }): string[] {
  return [...(raised ? ["bands that reach zero end at the axis"] : []), ...(cut > 0 ? [`${cut} outlying points beyond the axis`] : []), ...(flatY ? ["zero or below: linear y"] : []), ...(flatX ? ["zero or below: linear x"] : [])];
}

/** The chart in a sentence, for those who do not see it. */
function summaryOf(title: string, lines: readonly Line[]): string {
  return `${title}, ${lines.length} lines. Last: ${lines.slice(0, 3).map(({ label, last }) => `${label} ${formatNumber(last)}`).join(", ")}.`;
}
