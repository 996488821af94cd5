"use client";
import { useElementSize } from "@mantine/hooks";
import { type KeyboardEvent, memo, type PointerEvent, useCallback, useEffect, useMemo, useRef } from "react";
import type { Line } from "../../domain/experiments/compare/lines.ts";
import { formatTicks } from "../../domain/shared/format.ts";
import { formatXTicks } from "./format-x.ts";
import { AXES_MARGIN, LinesAxes, type Ticks } from "./lines-axes.tsx";
import type { LinesLook } from "./lines-chart.tsx";
import { CursorLayer, CursorTip } from "./lines-cursor.tsx";
import { LinesLayer } from "./lines-layer.tsx";
import { nearestIndex } from "./prepare-series.ts";
import { type Scales, scalesOf } from "./scales.ts";
import { numberTicks, valueScale, xTicks } from "./ticks.ts";
import { moveCursor } from "./use-cursor.ts";
import { useDragZoom } from "./use-drag-zoom.ts";
import classes from "./charts.module.css";

export interface LinesPlotProps extends LinesLook {
  lines: readonly Line[];
  height: number;
  domain: [number, number];
  yDomain: [number, number];
}

const TICKS = 6;

/** Draws a chart of many lines, and decides nothing. Of plain shapes: a page has ten charts of a hundred lines, and is to answer within two seconds. */
export const LinesPlot = memo(function LinesPlot(props: LinesPlotProps) {
  const { domain, xKind, logX, logY, height, onZoom } = props;
  const { ref, width } = useElementSize();
  const { domain: yDomain, ticks } = useMemo(() => (logY ? { domain: props.yDomain, ticks: numberTicks(props.yDomain, true, TICKS) } : valueScale(props.yDomain, false)), [logY, props.yDomain]);
  const y = useMemo<Ticks>(() => ({ at: ticks, text: formatTicks(ticks) }), [ticks]);
  const span = domain[1] - domain[0] || 1;
  const x = useMemo<Ticks>(() => {
    const at = xKind === "number" || logX ? numberTicks(domain, logX, TICKS) : xTicks(domain, xKind, TICKS, -new Date(domain[0]).getTimezoneOffset() * 60_000);
    return { at, text: xKind === "number" ? formatTicks(at) : formatXTicks(at, xKind, span), name: xKind === "step" ? "step" : undefined };
  }, [domain, xKind, logX, span]);
  const scales = useMemo(() => {
    const { top, right, bottom, left } = AXES_MARGIN;
    return width <= left + right ? null : scalesOf({ domain, yDomain, logX, logY }, { x: left, y: top, width: width - left - right, height: height - top - bottom });
  }, [domain, yDomain, logX, logY, width, height]);
  return (
    <div ref={ref} style={{ height, cursor: onZoom ? "crosshair" : "default" }}>
      {scales && <Surface plot={props} x={x} y={y} scales={scales} width={width} reach={span / 25} />}
    </div>
  );
});

interface SurfaceProps {
  /** As it was given: what is drawn of it is not drawn again while the cursor moves. */
  plot: LinesPlotProps;
  x: Ticks;
  y: Ticks;
  scales: Scales;
  width: number;
  reach: number;
}

function Surface({ plot, x, y, scales, width, reach }: SurfaceProps) {
  const { lines, height, domain, onZoom, chartId, syncId = chartId, events } = plot;
  const stops = useMemo(() => stopsOf(lines, domain), [lines, domain]);
  const { drag, handlers } = useCursorMoves({ stops, scales, onZoom, chartId, group: syncId });
  const { area } = scales;
  const cursor = { lines, stops, look: plot, scales, reach, group: syncId };
  return (
    <>
      <svg className={classes.surface} width={width} height={height} role="application" tabIndex={0} aria-label="Values along the axis: move with the arrow keys" {...handlers}>
        <LinesAxes x={x} y={y} scales={scales} />
        <LinesLayer lines={lines} look={plot} scales={scales} />
        <CursorLayer {...cursor} />
        {events?.map((event, at) => {
          const place = scales.x(event.x);
          if (!(place >= area.x && place <= area.x + area.width)) return null;
          return (
            <g key={`${event.x} ${event.label}`} style={{ pointerEvents: "none" }}>
              <line x1={place} x2={place} y1={area.y} y2={area.y + area.height} stroke="var(--tone-neutral)" strokeDasharray="3 3" />
              {at < 8 && <text className={classes.tick} x={place + 5} y={area.y + 13}>{event.label}</text>}
            </g>
          );
        })}
        {drag && <rect x={scales.x(Math.min(...drag))} y={area.y} width={Math.abs(scales.x(drag[1]) - scales.x(drag[0]))} height={area.height} fill="var(--accent)" fillOpacity={0.12} style={{ pointerEvents: "none" }} />}
      </svg>
      <CursorTip {...cursor} />
    </>
  );
}

/** Each x that some line has, in order. */
function stopsOf(lines: readonly Line[], [from, to]: readonly [number, number]): number[] {
  const xs = new Set<number>();
  for (const { raw } of lines) for (const { x } of raw) if (x >= from && x <= to) xs.add(x);
  return [...xs].sort((a, b) => a - b);
}

/** The cursor follows the pointer from stop to stop, or the arrow keys; dragging chooses a range. */
function useCursorMoves({ stops, scales, onZoom, chartId, group }: { stops: readonly number[]; scales: Scales; onZoom: LinesLook["onZoom"]; chartId: string; group: string }) {
  const { drag, handlers: zoom } = useDragZoom(onZoom);
  const stopped = useRef(-1); // where the arrow keys left it
  const leave = useCallback(() => moveCursor(group, null), [group]);
  useEffect(() => leave, [leave]);
  const stopAt = (event: PointerEvent<SVGSVGElement>) => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const pointer = { x: event.clientX - left, y: event.clientY - top };
    const { x, y, width, height } = scales.area;
    const isInside = pointer.x >= x && pointer.x <= x + width && pointer.y >= y && pointer.y <= y + height;
    const stop = isInside ? stops[nearestIndex(stops, scales.xAt(pointer.x))] : undefined;
    return { activeLabel: stop, pointer };
  };
  const handlers = {
    onPointerDown: (event: PointerEvent<SVGSVGElement>) => {
      if (event.button === 0 && event.pointerType !== "touch") zoom.onMouseDown?.(stopAt(event));
    },
    onPointerMove: (event: PointerEvent<SVGSVGElement>) => {
      const at = stopAt(event);
      moveCursor(group, at.activeLabel === undefined ? null : { x: at.activeLabel, chart: chartId, pointer: at.pointer });
      zoom.onMouseMove?.(at);
    },
    onPointerUp: () => zoom.onMouseUp?.(),
    onPointerLeave: () => {
      leave();
      zoom.onMouseLeave?.();
    },
    onDoubleClick: () => onZoom?.(null),
    onBlur: leave,
    onKeyDown: (event: KeyboardEvent) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (event.key === "Escape") leave();
      if (step === 0 || stops.length === 0) return;
      event.preventDefault();
      stopped.current = Math.max(0, Math.min(stops.length - 1, stopped.current + step));
      moveCursor(group, { x: stops[stopped.current]!, chart: chartId, pointer: null });
    },
  };
  return { drag, handlers };
}
