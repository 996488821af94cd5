"use client";
import { useElementSize } from "@mantine/hooks";
import { type Dispatch, type PointerEvent, type SetStateAction, useMemo, useRef } from "react";
import { type Axis, axisOf, type Brush, brushOn, isBrushed, placeOn, placesOf, valueAt } from "../../../domain/experiments/compare/axes.ts";
import type { ComparedRun } from "../../../domain/experiments/compare/view.ts";
import { cutMiddle, formatTick } from "../../../domain/shared/format.ts";
import { colourOf } from "../../charts/colours.ts";
import { useHighlight } from "../../charts/highlight.tsx";
import type { AnalysisColumn } from "./analysis-panel.tsx";
import classes from "./compare.module.css";
import { useCompared } from "./use-compare.ts";

const TOP = 34;
const BOTTOM = 16;
const SIDE = 44;
/** Less, and the names of two axes run into each other. */
const LEAST_BETWEEN = 100;
const PX_PER_LETTER = 8.5;

/** By column: axes come, go and move. */
export type Brushes = ReadonlyMap<string, Brush>;

/** A line per run over one axis per column. Dragging along an axis keeps the runs that pass there; a press lets all pass again. */
export function ParallelPlot({ runs, columns, height, brushes, setBrushes }: { runs: readonly ComparedRun[]; columns: readonly AnalysisColumn[]; height: number; brushes: Brushes; setBrushes: Dispatch<SetStateAction<Brushes>> }) {
  const { ref, width: room } = useElementSize();
  const width = Math.max(room, 2 * SIDE + (columns.length - 1) * LEAST_BETWEEN);
  const { strokeOfRun } = useCompared();
  const { id: strong, set, owner } = useHighlight();
  const drag = useRef<{ axis: number; from: number } | null>(null);
  const axes = useMemo(() => columns.map(({ cells }) => axisOf(cells)), [columns]);
  const places = useMemo(() => runs.map((_, at) => columns.map(({ cells }, axis) => placeOn(axes[axis]!, cells[at] ?? null))), [runs, columns, axes]);
  const inner = height - TOP - BOTTOM;
  const between = (width - 2 * SIDE) / Math.max(1, columns.length - 1);
  const xOf = (axis: number) => SIDE + (columns.length === 1 ? between / 2 : axis * between);
  const yOf = (place: number) => TOP + (1 - place) * inner;
  const active = columns.map(({ name }, axis) => {
    const brush = brushes.get(name);
    return brush ? placesOf(axes[axis]!, brush) : null;
  });
  const passing = runs.filter((_, at) => isBrushed(places[at]!, active));
  const placeAt = (event: PointerEvent) => Math.max(0, Math.min(1, 1 - (event.clientY - event.currentTarget.getBoundingClientRect().top) / inner));
  const brush = (axis: number, range: [number, number] | null) => setBrushes((old) => {
    const next = new Map(old);
    if (range) next.set(columns[axis]!.name, brushOn(axes[axis]!, range));
    else next.delete(columns[axis]!.name);
    return next;
  });
  function onMove(event: PointerEvent, axis: number): void {
    if (drag.current?.axis !== axis) return;
    const to = placeAt(event);
    brush(axis, [Math.min(drag.current.from, to), Math.max(drag.current.from, to)]);
  }
  return (
    <>
      <div ref={ref} className={classes.plotScroll}>
        <svg className={classes.plotSvg} style={{ width }} height={height} role="img" aria-label={`${passing.length} of ${runs.length} runs pass the chosen ranges`}>
          {runs.map((run, at) => {
            const stroke = strokeOfRun(run.id);
            const off = !isBrushed(places[at]!, active);
            const d = segmentsOf(places[at]!).map((part) => part.map(([axis, place], i) => `${i === 0 ? "M" : "L"}${xOf(axis).toFixed(1)} ${yOf(place).toFixed(1)}`).join("")).join("");
            return <path key={run.id} d={d} fill="none" stroke={off ? "var(--line)" : colourOf(stroke.slot)} strokeWidth={strong === run.id ? 3 : 1.5} strokeOpacity={off ? 0.6 : stroke.slot === null ? 0.5 : 0.9} {...(stroke.dashed ? { strokeDasharray: "5 3" } : {})} onPointerEnter={() => {
              owner.current = null;
              set(run.id);
            }} onPointerLeave={() => set(null)}><title>{run.name}</title></path>;
          })}
          {columns.map((column, axis) => (
            <g key={column.name} transform={`translate(${xOf(axis)} 0)`}>
              <line y1={TOP} y2={TOP + inner} stroke="var(--line)" />
              <text y={14} textAnchor={anchorOf(axis, columns.length)} style={{ fill: "var(--mantine-color-text)", fontWeight: 600 }}>{cutMiddle(column.label, Math.max(8, Math.floor(between / PX_PER_LETTER)))}</text>
              {ticksOf(axes[axis]!).map(({ place, label }) => <text key={`${place} ${label}`} x={axis === columns.length - 1 ? -6 : 6} y={yOf(place) + 4} textAnchor={axis === columns.length - 1 ? "end" : "start"}>{label}</text>)}
              {active[axis] && <BrushMark from={yOf(inAxis(active[axis][1]))} to={yOf(inAxis(active[axis][0]))} />}
              <rect x={-12} width={24} y={TOP} height={inner} fill="transparent" style={{ cursor: "ns-resize", touchAction: "none" }}
                onPointerDown={(event) => {
                  event.currentTarget.setPointerCapture(event.pointerId);
                  drag.current = { axis, from: placeAt(event) };
                  brush(axis, null);
                }}
                onPointerMove={(event) => onMove(event, axis)}
                onPointerUp={() => (drag.current = null)}
              ><title>Drag to choose a range of {column.label}</title></rect>
            </g>
          ))}
        </svg>
      </div>
      <div className={classes.note}>{passing.length < runs.length ? `${passing.length} of ${runs.length} runs pass` : "Drag along an axis to choose a range"}</div>
    </>
  );
}

const inAxis = (place: number) => Math.max(0, Math.min(1, place));

function BrushMark({ from, to }: { from: number; to: number }) {
  return <rect x={-6} width={12} y={from} height={Math.max(2, to - from)} fill="var(--accent)" fillOpacity={0.25} stroke="var(--accent)" />;
}

const anchorOf = (axis: number, count: number) => (axis === 0 ? "start" : axis === count - 1 ? "end" : "middle");

/** Pieces between missing values: a run without a value is not drawn through it. */
function segmentsOf(places: readonly (number | null)[]): [number, number][][] {
  const parts: [number, number][][] = [[]];
  places.forEach((place, axis) => {
    if (place === null) parts.push([]);
    else parts.at(-1)!.push([axis, place]);
  });
  return parts.filter(({ length }) => length > 0);
}

export function ticksOf(axis: Axis, count = 5): { place: number; label: string }[] {
  if (axis.kind === "words") {
    const step = Math.max(1, Math.ceil(axis.words.length / 12));
    return axis.words.flatMap((word, at) => (at % step === 0 ? [{ place: placeOn(axis, word)!, label: cutMiddle(word || "empty", 14) }] : []));
  }
  if (axis.low === axis.high) return [{ place: 0.5, label: formatTick(axis.low) }];
  return Array.from({ length: count }, (_, at) => ({ place: at / (count - 1), label: formatTick(valueAt(axis, at / (count - 1))) }));
}
