"use client";
import { lazy, Suspense, useMemo, useState } from "react";
import { formatNumber, formatTick } from "../../domain/shared/format.ts";
import { ChartEmpty, ChartFrame, ChartLoading } from "./chart-frame.tsx";
import { ChartLegend } from "./chart-legend.tsx";
import type { ChartEvent } from "./event-labels.ts";
import { formatXExact } from "./format-x.ts";
import { type ChartModel, type ChartSeries, prepareSeries, type XKind } from "./prepare-series.ts";
import { useSeen } from "./use-seen.ts";
import classes from "./charts.module.css";

// Recharts is a third of all script: only pages with a chart on screen fetch it.
const TimePlot = lazy(() => import("./time-plot.tsx").then((module) => ({ default: module.TimePlot })));

export interface TimeChartProps {
  /** The question the chart answers. */
  title: string;
  unit?: string | null;
  series: readonly ChartSeries[];
  xKind: XKind;
  /** Vertical lines with labels: attempts, deploys, preemptions. */
  events?: readonly ChartEvent[];
  /** The page's range; the data's own without it. */
  domain?: [number, number];
  yDomain?: [number, number];
  /** Shares and amounts start at zero; a loss need not. */
  fromZero?: boolean;
  log?: boolean;
  height?: number;
  formatValue?: (value: number) => string;
  /** Of the value axis, where its ticks are shorter than what is read. */
  formatAxis?: ((value: number) => string) | undefined;
  /** Dragging calls it with the range, a double click with null. Re-ask the server. */
  onZoom?: (range: [number, number] | null) => void;
  /** Charts with the same one share their cursor. */
  syncId?: string;
  tools?: React.ReactNode;
  /** First load: the frame stands, nothing is drawn. A refetch keeps what is drawn. */
  loading?: boolean;
  /** Why there is nothing to draw. */
  empty?: React.ReactNode;
  /** Shown beside the legend: "3 points were NaN". */
  note?: React.ReactNode;
}

const NO_EVENTS: readonly ChartEvent[] = [];

/** One chart over steps or time: minimum to maximum as a band, the last value as a line. At most six colours, then "others". */
export function TimeChart(props: TimeChartProps) {
  const { title, unit, series, xKind, height = 200, formatValue = formatNumber } = props;
  const model = useMemo(() => prepareSeries(series, xKind), [series, xKind]);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [anchor, seen] = useSeen();
  const hasPoints = model.rows.length > 0;
  return (
    <ChartFrame title={title} unit={unit} tools={props.tools} summary={summaryOf(title, unit, model, xKind, formatValue)}>
      <div ref={anchor} className={classes.plot} style={{ height }}>
        {props.loading || (hasPoints && !seen) ? <ChartLoading height={height} /> : !hasPoints ? <ChartEmpty height={height}>{props.empty ?? "Nothing was measured in this range."}</ChartEmpty> : (
          <Suspense fallback={<ChartLoading height={height} />}>
            <TimePlot
              model={model} hidden={hidden} height={height} xKind={xKind} events={props.events ?? NO_EVENTS} domain={props.domain} yDomain={props.yDomain} fromZero={props.fromZero ?? false}
              log={props.log ?? false} formatValue={formatValue} formatAxis={props.formatAxis ?? (formatValue === formatNumber ? formatTick : formatValue)} onZoom={props.onZoom} syncId={props.syncId}
            />
          </Suspense>
        )}
      </div>
      {hasPoints && <ChartLegend model={model} hidden={hidden} onHide={setHidden} formatValue={formatValue} note={props.note} />}
    </ChartFrame>
  );
}

/** The chart in a sentence, for those who do not see it. */
function summaryOf(title: string, unit: string | null | undefined, model: ChartModel, xKind: XKind, formatValue: (value: number) => string): string {
  if (!model.extent) return `${title}: nothing measured.`;
  const last = model.series.slice(0, 3).map((one) => `${one.label} ${formatValue(one.last)}`).join(", ");
  const from = formatXExact(model.extent[0], xKind);
  const to = formatXExact(model.extent[1], xKind);
  return `${title}${unit ? ` in ${unit}` : ""}, ${model.series.length} series, ${from} to ${to}. Last: ${last}.`;
}
