"use client";
import { useMemo, useState } from "react";
import { axisOf, type Cell } from "../../../domain/experiments/compare/axes.ts";
import type { PanelKind } from "../../../domain/experiments/compare/workspace.ts";
import { columnOf } from "../../../domain/experiments/compare/workspace.ts";
import { plural } from "../../../domain/shared/format.ts";
import { ChartEmpty, ChartFrame, ChartLoading } from "../../charts/chart-frame.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import { ImportanceBars } from "./importance-bars.tsx";
import { type Brushes, ParallelPlot } from "./parallel-plot.tsx";
import { useColumns, useCompared } from "./use-compare.ts";
import { XyPlot } from "./xy-plot.tsx";

export interface AnalysisColumn {
  name: string;
  label: string;
  cells: Cell[];
}

interface Props {
  kind: Exclude<PanelKind, "lines">;
  axes: readonly string[];
  height: number;
  tools?: React.ReactNode;
}

const labelOf = (name: string) => columnOf(name)?.key ?? name;
const NEEDS = { parallel: 2, scatter: 2, contour: 3, importance: 1 } as const;

/** What runs have in columns, against each other: one line, point or bar per run or parameter. */
export function AnalysisPanel({ kind, axes, height, tools }: Props) {
  const title = titleOf(kind, axes);
  if (kind === "importance") return <ChartFrame title={title} tools={tools} summary={title}><ImportanceBars metric={labelOf(axes[0] ?? "")} /></ChartFrame>;
  if (axes.length < NEEDS[kind]) return <ChartFrame title={title} tools={tools} summary={title}><ChartEmpty height={height}>Choose {NEEDS[kind]} columns.</ChartEmpty></ChartFrame>;
  return <ColumnsPanel kind={kind} axes={axes} height={height} tools={tools} title={title} />;
}

function titleOf(kind: Props["kind"], axes: readonly string[]): string {
  const names = axes.map(labelOf);
  if (kind === "importance") return `Which parameters decide ${names[0] ?? "a metric"}?`;
  if (kind === "parallel") return "Which parameters lead where?";
  if (kind === "contour") return `${names[2] ?? "Value"} over ${names[0] ?? "x"} and ${names[1] ?? "y"}`;
  return `${names[1] ?? "y"} against ${names[0] ?? "x"}`;
}

function ColumnsPanel({ kind, axes, height, tools, title }: Props & { kind: "parallel" | "scatter" | "contour"; title: string }) {
  const { shown } = useCompared();
  const query = useColumns(axes);
  const [brushes, setBrushes] = useState<Brushes>(new Map()); // here, for the plot goes while a run or column that is new is on its way
  const columns = useMemo<AnalysisColumn[]>(() => axes.map((name, at) => ({ name, label: labelOf(name), cells: (query.data ?? []).map((row) => row[at] ?? null) })), [axes, query.data]);
  const complete = useMemo(() => (query.data ? shown.filter((_, at) => columns.every(({ cells }) => cells[at] !== null && cells[at] !== undefined)).length : 0), [query.data, shown, columns]);
  if (query.error) return <ErrorBox what={`${title} could not be loaded`} error={query.error} retry={() => void query.refetch()} />;
  const summary = `${title}: ${complete} of ${shown.length} runs have all of these columns.`;
  return (
    <ChartFrame title={title} unit={complete === shown.length ? plural(complete, "run") : `${complete} of ${shown.length} runs have all of these`} tools={tools} summary={summary}>
      <div style={{ height: height + 24 }}>
        {!query.data ? <ChartLoading height={height} /> : complete === 0 ? <ChartEmpty height={height}>No run has all of these columns.</ChartEmpty> : kind === "parallel" ? (
          <ParallelPlot runs={shown} columns={columns} height={height + 20} brushes={brushes} setBrushes={setBrushes} />
        ) : (
          <XyPlot runs={shown} columns={columns} height={height + 20} contour={kind === "contour"} axes={columns.map(({ cells }) => axisOf(cells))} />
        )}
      </div>
    </ChartFrame>
  );
}
