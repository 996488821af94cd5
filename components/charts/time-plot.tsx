"use client";
import { memo, useMemo } from "react";
import { Area, CartesianGrid, ComposedChart, Line, ReferenceArea, ReferenceLine, Tooltip, XAxis, YAxis } from "recharts";
import { formatTick, formatTicks } from "../../domain/shared/format.ts";
import { ChartTooltip } from "./chart-tooltip.tsx";
import { colourOf } from "./colours.ts";
import { type ChartEvent, eventsNear, placeEvents } from "./event-labels.ts";
import { formatXTicks } from "./format-x.ts";
import { AXIS_NAME_GAP } from "./lines-axes.tsx";
import { type ChartModel, nearestIndex, type PreparedSeries, type XKind } from "./prepare-series.ts";
import { valueScale, xTicks } from "./ticks.ts";
import { useDragZoom } from "./use-drag-zoom.ts";

export interface TimePlotProps {
  model: ChartModel;
  hidden: ReadonlySet<string>;
  height: number;
  xKind: XKind;
  events: readonly ChartEvent[];
  domain?: [number, number] | undefined;
  yDomain?: [number, number] | undefined;
  fromZero: boolean;
  log: boolean;
  formatValue: (value: number) => string;
  formatAxis: (value: number) => string;
  onZoom?: ((range: [number, number] | null) => void) | undefined;
  syncId?: string | undefined;
}

const X_TICKS = 6;

/** Draws, decides nothing: gaps, colours and order come in the model. Loaded lazily by TimeChart. */
export const TimePlot = memo(function TimePlot(props: TimePlotProps) {
  const { model, hidden, xKind, log, height } = props;
  const visible = useMemo(() => model.series.filter((one) => !hidden.has(one.key)), [model, hidden]);
  const domain = props.domain ?? model.extent ?? [0, 1];
  const span = domain[1] - domain[0] || 1;
  const ticks = xTicks(domain, xKind, X_TICKS, xKind === "day" ? 0 : -new Date(domain[0]).getTimezoneOffset() * 60_000);
  const events = placeEvents(props.events, domain);
  const { drag, handlers } = useDragZoom(props.onZoom);
  const y = useMemo(() => (log ? null : valueScale(props.yDomain ?? model.values ?? [0, 1], props.fromZero)), [log, props.yDomain, model, props.fromZero]);
  return (
    <ComposedChart
      responsive
      style={{ width: "100%", height, cursor: props.onZoom ? "crosshair" : "default" }}
      data={model.rows}
      margin={{ top: 8, right: 12, bottom: 0, left: 0 }}
      syncId={props.syncId}
      syncMethod={(ticks: readonly { value: unknown }[], data: { activeLabel?: string | number | undefined }) => nearestIndex(ticks.map((tick) => Number(tick.value)), Number(data.activeLabel))}
      accessibilityLayer
      onDoubleClick={() => props.onZoom?.(null)}
      {...handlers}
    >
      <CartesianGrid vertical={false} syncWithTicks stroke="var(--line-faint)" />
      <XAxis
        dataKey="x" type="number" scale="linear" domain={domain} ticks={ticks} allowDataOverflow tickLine={false} axisLine={{ stroke: "var(--line)" }} height={22} minTickGap={16} interval="equidistantPreserveStart"
        tickFormatter={formatXTicks(ticks, xKind, span)}
        {...(xKind === "step" ? { label: { value: "step", position: "left", offset: AXIS_NAME_GAP, fontSize: 11, fill: "var(--mantine-color-dimmed)" } } : {})}
      />
      <YAxis width={52} tickLine={false} axisLine={false} scale={log ? "log" : "linear"} domain={y?.domain ?? ["auto", "auto"]} {...(y ? { ticks: y.ticks } : {})} allowDataOverflow={!log} tickFormatter={y && props.formatAxis === formatTick ? formatTicks(y.ticks) : props.formatAxis} />
      <Tooltip isAnimationActive={false} cursor={{ stroke: "var(--text-faint)", strokeDasharray: "2 3" }} wrapperStyle={{ zIndex: 20, outline: "none" }} content={({ active, label }) => (active ? <ChartTooltip model={model} hidden={hidden} x={Number(label)} events={eventsNear(events, Number(label), span)} reach={span / 20} xKind={xKind} formatValue={props.formatValue} /> : null)} />
      {visible.filter((one) => one.hasBand).map((one) => (
        <Area key={one.bandKey} dataKey={one.bandKey} type="linear" stroke="none" fill={colourOf(one.slot)} fillOpacity={0.16} isAnimationActive={false} activeDot={false} tooltipType="none" legendType="none" connectNulls={false} />
      ))}
      {visible.map((one) => (
        <Line key={one.valueKey} dataKey={one.valueKey} name={one.label} type="linear" stroke={colourOf(one.slot)} strokeWidth={one.slot === null ? 1 : 1.6} strokeOpacity={one.slot === null ? 0.55 : 1} isAnimationActive={false} connectNulls={false} dot={dotOf(one)} activeDot={{ r: 3, strokeWidth: 0 }} />
      ))}
      {events.map((event) => (
        <ReferenceLine key={`${event.x} ${event.label}`} x={event.x} stroke="var(--tone-neutral)" strokeDasharray="3 3" {...(event.side ? { label: { value: event.label, position: event.side, fontSize: 11, fill: "var(--mantine-color-dimmed)" } } : {})} />
      ))}
      {drag && <ReferenceArea x1={drag[0]} x2={drag[1]} fill="var(--accent)" fillOpacity={0.12} stroke="none" />}
    </ComposedChart>
  );
});

/** A point with nothing on either side is no line: draw it. */
function dotOf(one: PreparedSeries) {
  if (one.isolated.size === 0) return false;
  return function Dot({ cx, cy, payload }: { cx?: number; cy?: number; payload?: { x: number } }) {
    if (cx === undefined || cy === undefined || !payload || !one.isolated.has(payload.x)) return <g />;
    return <circle cx={cx} cy={cy} r={2.5} fill={colourOf(one.slot)} />;
  };
}
