"use client";
import { useElementSize } from "@mantine/hooks";
import { contours } from "d3-contour";
import { useMemo } from "react";
import { type Axis, placeOn, surface } from "../../../domain/experiments/compare/axes.ts";
import type { ComparedRun } from "../../../domain/experiments/compare/view.ts";
import { formatNumber } from "../../../domain/shared/format.ts";
import { colourOf } from "../../charts/colours.ts";
import { useHighlight } from "../../charts/highlight.tsx";
import type { AnalysisColumn } from "./analysis-panel.tsx";
import classes from "./compare.module.css";
import { ticksOf } from "./parallel-plot.tsx";
import { useCompared } from "./use-compare.ts";

const LEFT = 62;
const RIGHT = 16;
const TOP = 10;
const BOTTOM = 42;
const GRID = 48;
const LEVELS = 9;

interface Point {
  run: ComparedRun;
  x: number;
  y: number;
  z: number | null;
  text: string;
}

/** A share of the way from pale to full: one hue, so that more is darker in light and brighter in dark. */
const shade = (share: number) => `color-mix(in oklab, var(--chart-1) ${Math.round(12 + 88 * share)}%, var(--mantine-color-body))`;

/** Runs as points in two columns. A third one is their colour, or, as a contour, the surface under them. */
export function XyPlot({ runs, columns, axes, height, contour }: { runs: readonly ComparedRun[]; columns: readonly AnalysisColumn[]; axes: readonly Axis[]; height: number; contour: boolean }) {
  const { ref, width } = useElementSize();
  const { strokeOfRun } = useCompared();
  const { id: strong, set, owner } = useHighlight();
  const points = useMemo(() => pointsOf(runs, columns, axes), [runs, columns, axes]);
  const [w, h] = [Math.max(0, width - LEFT - RIGHT), height - TOP - BOTTOM];
  const xOf = (place: number) => LEFT + (0.04 + 0.92 * place) * w;
  const yOf = (place: number) => TOP + (0.96 - 0.92 * place) * h;
  const third = axes[2];
  const fillOf = (point: Point) => (point.z === null ? colourOf(strokeOfRun(point.run.id).slot) : contour ? "var(--mantine-color-text)" : shade(point.z));
  const [xLabel, yLabel, zLabel] = columns.map(({ label }) => label);
  return (
    <div ref={ref}>
      <svg className={classes.plotSvg} height={height} role="img" aria-label={`${yLabel} against ${xLabel}, ${points.length} runs`}>
        {contour && third && width > 0 && <Surface points={points} toX={xOf} toY={yOf} />}
        {ticksOf(axes[0]!).map(({ place, label }) => <text key={`x${place}`} x={xOf(place)} y={TOP + h + 16} textAnchor="middle">{label}</text>)}
        {ticksOf(axes[1]!).map(({ place, label }) => (
          <g key={`y${place}`}>
            <line x1={LEFT} x2={LEFT + w} y1={yOf(place)} y2={yOf(place)} stroke="var(--line-faint)" />
            <text x={LEFT - 6} y={yOf(place) + 4} textAnchor="end">{label}</text>
          </g>
        ))}
        <line x1={LEFT} x2={LEFT + w} y1={TOP + h} y2={TOP + h} stroke="var(--line)" />
        <text x={LEFT + w / 2} y={height - 6} textAnchor="middle" style={{ fill: "var(--mantine-color-text)" }}>{xLabel}</text>
        <text transform={`translate(11 ${TOP + h / 2}) rotate(-90)`} textAnchor="middle" style={{ fill: "var(--mantine-color-text)" }}>{yLabel}</text>
        {points.map((point) => (
          <circle key={point.run.id} cx={xOf(point.x)} cy={yOf(point.y)} r={strong === point.run.id ? 7 : contour ? 3 : 5} fill={fillOf(point)} stroke="var(--mantine-color-body)" strokeWidth={1.2} onPointerEnter={() => {
            owner.current = null;
            set(point.run.id);
          }} onPointerLeave={() => set(null)}><title>{point.text}</title></circle>
        ))}
      </svg>
      <div className={classes.note}>{zLabel && third && third.kind !== "words" ? <Scale label={zLabel} axis={third} /> : "Colour tells the runs apart"}{contour ? " · between the points the surface is their mean weighed by 1/distance²" : ""}</div>
    </div>
  );
}

function Scale({ label, axis }: { label: string; axis: Axis }) {
  return <>{label}: {formatNumber(axis.low)} <span style={{ display: "inline-block", width: 90, height: 8, borderRadius: 2, verticalAlign: "baseline", background: `linear-gradient(to right, ${shade(0)}, ${shade(1)})` }} /> {formatNumber(axis.high)}</>;
}

function pointsOf(runs: readonly ComparedRun[], columns: readonly AnalysisColumn[], axes: readonly Axis[]): Point[] {
  return runs.flatMap((run, at) => {
    const [x, y, z] = axes.map((axis, column) => placeOn(axis, columns[column]!.cells[at] ?? null));
    if (x === null || x === undefined || y === null || y === undefined || (axes.length > 2 && (z === null || z === undefined))) return [];
    const text = [run.name, ...columns.map(({ label, cells }) => `${label} ${typeof cells[at] === "number" ? formatNumber(cells[at]) : cells[at]}`)].join("\n");
    return [{ run, x, y, z: z ?? null, text }];
  });
}

function Surface({ points, toX, toY }: { points: readonly Point[]; toX: (place: number) => number; toY: (place: number) => number }) {
  const bands = useMemo(() => {
    const { values, low, high } = surface(points.map(({ x, y, z }) => ({ x, y, z: z ?? 0 })), GRID);
    const thresholds = Array.from({ length: LEVELS }, (_, at) => low + ((high - low) * at) / LEVELS);
    return contours().size([GRID, GRID]).thresholds(thresholds)(values);
  }, [points]);
  const corner = ([x, y]: number[]) => `${toX(x! / GRID).toFixed(1)} ${toY(y! / GRID).toFixed(1)}`;
  return (
    <g>
      {bands.map((band, at) => (
        <path key={band.value} d={band.coordinates.map((polygon) => polygon.map((ring) => `M${ring.map(corner).join("L")}Z`).join("")).join("")} fill={shade(at / LEVELS)} stroke="var(--mantine-color-body)" strokeWidth={0.6} strokeOpacity={0.7} fillRule="evenodd" />
      ))}
    </g>
  );
}
