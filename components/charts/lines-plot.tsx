"use client";
import { memo, useMemo } from "react";
import { ComposedChart, Line as Anchor, ReferenceArea, ReferenceLine, Tooltip, XAxis, YAxis } from "recharts";
import type { Line } from "../../domain/experiments/compare/lines.ts";
import { formatTick } from "../../domain/shared/format.ts";
import { formatXTick } from "./format-x.ts";
import { AXES_MARGIN, LinesAxes, type Ticks } from "./lines-axes.tsx";
import { HoverLayer, LinesLayer } from "./lines-layer.tsx";
import { LinesTooltip } from "./lines-tooltip.tsx";
import { numberTicks, valueScale, xTicks } from "./ticks.ts";
import type { LinesLook } from "./lines-chart.tsx";
import { nearestIndex } from "./prepare-series.ts";
import { useDragZoom } from "./use-drag-zoom.ts";

export interface LinesPlotProps extends LinesLook {
  lines: readonly Line[];
  height: number;
  domain: [number, number];
  yDomain: [number, number];
}

const TICKS = 6;

/**
 * Recharts keeps scales, cursor and tooltip; axes and lines are layers of plain shapes, because a hundred of its own Line
 * components take seconds. Decides nothing. Loaded lazily by LinesChart.
 */
export const LinesPlot = memo(function LinesPlot(props: LinesPlotProps) {
  const { lines, domain, xKind, logX, logY, height, onZoom } = props;
  const rows = useMemo(() => rowsOf(lines, domain, props.yDomain), [lines, domain, props.yDomain]);
  const span = domain[1] - domain[0] || 1;
  const { domain: yDomain, ticks } = useMemo(() => (logY ? { domain: props.yDomain, ticks: numberTicks(props.yDomain, true, TICKS) } : valueScale(props.yDomain, false)), [logY, props.yDomain]);
  const y = useMemo<Ticks>(() => ({ at: ticks, text: formatTick }), [ticks]);
  const x = useMemo<Ticks>(() => ({
    at: xKind === "number" || logX ? numberTicks(domain, logX, TICKS) : xTicks(domain, xKind, TICKS, -new Date(domain[0]).getTimezoneOffset() * 60_000),
    text: (value) => (xKind === "number" ? formatTick(value) : formatXTick(value, xKind, span)),
  }), [domain, xKind, logX, span]);
  const { drag, handlers } = useDragZoom(onZoom);
  return (
    <ComposedChart
      responsive
      style={{ width: "100%", height, cursor: onZoom ? "crosshair" : "default" }}
      data={rows}
      margin={AXES_MARGIN}
      syncId={props.syncId}
      syncMethod={(ticks: readonly { value: unknown }[], data: { activeLabel?: string | number | undefined }) => nearestIndex(ticks.map((tick) => Number(tick.value)), Number(data.activeLabel))}
      accessibilityLayer
      onDoubleClick={() => onZoom?.(null)}
      {...handlers}
    >
      <XAxis hide dataKey="x" type="number" scale={logX ? "log" : "linear"} domain={domain} ticks={x.at} allowDataOverflow />
      <YAxis hide scale={logY ? "log" : "linear"} domain={yDomain} ticks={y.at} allowDataOverflow />
      <LinesAxes x={x} y={y} />
      <Tooltip isAnimationActive={false} cursor={{ stroke: "var(--text-faint)", strokeDasharray: "2 3" }} wrapperStyle={{ zIndex: 20, outline: "none" }} content={({ active, label }) => (active ? <LinesTooltip lines={lines} x={Number(label)} reach={span / 25} look={props} /> : null)} />
      <Anchor dataKey="anchor" stroke="none" dot={false} activeDot={false} isAnimationActive={false} legendType="none" tooltipType="none" />
      <LinesLayer lines={lines} look={props} />
      <HoverLayer lines={lines} look={props} reach={span / 25} />
      {props.events?.map((event, at) => (
        <ReferenceLine key={`${event.x} ${event.label}`} x={event.x} stroke="var(--tone-neutral)" strokeDasharray="3 3" {...(at < 8 ? { label: { value: event.label, position: "insideTopLeft" as const, fontSize: 11, fill: "var(--mantine-color-dimmed)" } } : {})} />
      ))}
      {drag && <ReferenceArea x1={drag[0]} x2={drag[1]} fill="var(--accent)" fillOpacity={0.12} stroke="none" />}
    </ComposedChart>
  );
});

/** Where the cursor can stand: each x that some line has. */
function rowsOf(lines: readonly Line[], [from, to]: [number, number], [low, high]: [number, number]): { x: number; anchor: number }[] {
  const xs = new Set<number>();
  for (const { raw } of lines) for (const { x } of raw) if (x >= from && x <= to) xs.add(x);
  const anchor = low > 0 ? Math.sqrt(low * high) : (low + high) / 2;
  return [...xs].sort((a, b) => a - b).map((x) => ({ x, anchor }));
}
