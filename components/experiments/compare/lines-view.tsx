"use client";
import { useCallback, useMemo } from "react";
import { linePlaces, strokeOf, type Stroke } from "../../../domain/experiments/compare/lines.ts";
import { isPattern, panelKeys } from "../../../domain/experiments/compare/workspace.ts";
import { LinesChart } from "../../charts/lines-chart.tsx";
import { LinesLegend } from "../../charts/lines-legend.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import type { CompareState } from "./compare-params.ts";
import type { Compared } from "./use-compare.ts";
import { type SeriesState, usePanelSeries } from "./use-panel-series.ts";

export type LinesState = SeriesState & Pick<CompareState, "logx" | "logy" | "band" | "clip">;

interface Props {
  /** A metric, or a pattern; several metrics where a list says so. */
  of: string | readonly string[];
  title?: string | undefined;
  state: LinesState;
  compared: Pick<Compared, "of" | "ids" | "nameOf" | "strokeOfRun">;
  /** Among which a pattern looks. */
  metricKeys: readonly string[];
  height: number;
  /** Nothing is asked for before the chart comes near the screen. */
  seen: boolean;
  tools?: React.ReactNode;
  syncId: string;
  onZoom: (range: [number, number] | null) => void;
  /** Names the lines below the chart, where no list beside it does. */
  legend?: boolean;
}

/** One metric, or some, of many runs: of a comparison or a report. */
export function LinesView({ of, title, state, compared, metricKeys, height, seen, tools, syncId, onZoom, legend }: Props) {
  const { strokeOfRun, ids, of: all } = compared;
  const { keys, problem } = useMemo(() => (typeof of === "string" ? panelKeys(of, metricKeys) : { keys: [...of], problem: null }), [of, metricKeys]);
  const name = title ?? (typeof of === "string" ? of : of.join(", "));
  const { lines, loading, error, retry, notes, counts, order } = usePanelSeries(keys, state, seen, compared);
  const strokes = useMemo(() => new Map(linePlaces(order ?? ids, keys).map((id, place): [string, Stroke] => [id, strokeOf(place)])), [order, ids, keys]);
  // Colour tells runs apart; where there is one run, or groups, it tells the lines apart.
  const isGrouped = state.group !== "" || all !== undefined;
  const ownColours = isGrouped || (keys.length > 1 && ids.length === 1);
  const strokeFor = useCallback((id: string): Stroke => {
    if (ownColours) return strokes.get(id) ?? strokeOf(-1);
    const stroke = strokeOfRun(id);
    return keys.length > 1 ? { ...stroke, dashed: keys.indexOf(id.slice(id.indexOf(" ") + 1)) % 2 === 1 } : stroke;
  }, [ownColours, strokes, strokeOfRun, keys]);
  const scaled = useMemo<[number, number] | undefined>(() => (state.from !== null && state.to !== null ? [state.from, state.to] : undefined), [state.from, state.to]);
  const extra = useMemo(() => (counts.size > 0 ? (id: string, x: number) => `n ${counts.get(id)?.get(x) ?? 0}` : undefined), [counts]);
  const isMetric = state.x.startsWith("metric:");
  if (error) return <ErrorBox what={`${name} could not be loaded`} error={error} retry={retry} />;
  return (
    <LinesChart
      title={name} lines={lines} height={height} loading={loading && keys.length > 0} tools={tools} clip={state.clip} domain={scaled}
      xKind={isMetric ? "number" : (state.x as "step" | "relative" | "time")} xLabel={isMetric ? state.x.slice("metric:".length) : undefined}
      logX={state.logx} logY={state.logy} band={state.band} smoothed={state.smooth > 0} strokeOf={strokeFor} extra={extra} onZoom={onZoom} syncId={syncId}
      notes={[...(problem && keys.length > 0 ? [problem] : []), ...(isGrouped ? ["band: 95 % confidence of the mean"] : []), ...notes]}
      legend={legend && <LinesLegend lines={lines} strokeOf={strokeFor} />}
      empty={typeof of === "string" && isPattern(of) && keys.length === 0 ? problem : undefined}
    />
  );
}
