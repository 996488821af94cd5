"use client";
import { memo, useMemo } from "react";
import { allPositive, smooth } from "../../../domain/experiments/chart-model.ts";
import type { SeriesX } from "../../../domain/experiments/run-inputs.ts";
import type { Series } from "../../../domain/experiments/run-view.ts";
import { plural } from "../../../domain/shared/format.ts";
import { TimeChart, type TimeChartProps } from "../../charts/time-chart.tsx";

interface Props extends Pick<TimeChartProps, "events" | "domain" | "onZoom" | "syncId" | "height"> {
  name: string;
  series: Series | undefined;
  x: SeriesX;
  /** 0 to 0.99. */
  weight: number;
  log: boolean;
}

/** One metric over the page's axis. What cannot be drawn is counted in words. */
export const MetricChart = memo(function MetricChart({ name, series, x, weight, log, ...rest }: Props) {
  const lines = useMemo(() => (series ? [{ key: name, points: smooth(series.points, weight) }] : []), [series, name, weight]);
  const canLog = !series || allPositive(series.points);
  const notes = [...(series && series.nonFinite > 0 ? [`${plural(series.nonFinite, "point")} NaN or infinite, not drawn`] : []), ...(log && !canLog ? ["zero or below: linear axis"] : [])];
  return <TimeChart title={name} series={lines} xKind={x} log={log && canLog} loading={!series} note={notes.length > 0 ? notes.join("; ") : undefined} {...rest} />;
});
