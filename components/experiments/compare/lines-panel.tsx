"use client";
import { memo, useCallback, useMemo } from "react";
import { strokeOf, type Stroke } from "../../../domain/experiments/compare/lines.ts";
import { isPattern, panelKeys } from "../../../domain/experiments/compare/workspace.ts";
import { LinesChart } from "../../charts/lines-chart.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import { useCompared, useComparedKeys, useCompareState } from "./use-compare.ts";
import { usePanelSeries } from "./use-panel-series.ts";

/** One metric, or those that a pattern finds, of all shown runs. */
export const LinesPanel = memo(function LinesPanel({ of, height, seen, tools }: { of: string; height: number; seen: boolean; tools?: React.ReactNode }) {
  const [state, setState] = useCompareState();
  const { metricKeys } = useComparedKeys();
  const { strokeOfRun, ids } = useCompared();
  const { keys, problem } = useMemo(() => panelKeys(of, metricKeys), [of, metricKeys]);
  const { lines, loading, error, retry, notes, members } = usePanelSeries(keys, state, seen);
  const strokes = useMemo(() => new Map([...lines].map(({ id }) => id).sort().map((id, place): [string, Stroke] => [id, strokeOf(place)])), [lines]);
  // Colour tells runs apart; where there is one run, or groups, it tells the lines apart.
  const ownColours = state.group !== "" || (keys.length > 1 && ids.length === 1);
  const strokeFor = useCallback((id: string): Stroke => {
    if (ownColours) return strokes.get(id) ?? strokeOf(-1);
    const stroke = strokeOfRun(id);
    return keys.length > 1 ? { ...stroke, dashed: keys.indexOf(id.slice(id.indexOf(" ") + 1)) % 2 === 1 } : stroke;
  }, [ownColours, strokes, strokeOfRun, keys]);
  const scaled = useMemo<[number, number] | undefined>(() => (state.from !== null && state.to !== null ? [state.from, state.to] : undefined), [state.from, state.to]);
  const onZoom = useCallback((range: [number, number] | null) => void setState({ from: range?.[0] ?? null, to: range?.[1] ?? null }), [setState]);
  const extra = useMemo(() => (members.size > 0 ? (id: string) => `of ${members.get(id) ?? 0}` : undefined), [members]);
  const isMetric = state.x.startsWith("metric:");
  if (error) return <ErrorBox what={`${of} could not be loaded`} error={error} retry={retry} />;
  return (
    <LinesChart
      title={of} lines={lines} height={height} loading={loading && keys.length > 0} tools={tools} clip={state.clip} domain={scaled}
      xKind={isMetric ? "number" : (state.x as "step" | "relative" | "time")} xLabel={isMetric ? state.x.slice("metric:".length) : undefined}
      logX={state.logx} logY={state.logy} band={state.band} smoothed={state.smooth > 0} strokeOf={strokeFor} extra={extra} onZoom={onZoom} syncId={`compare-${state.x}`}
      notes={[...(problem && keys.length > 0 ? [problem] : []), ...(state.group ? ["band: 95 % confidence of the mean"] : []), ...notes]}
      empty={isPattern(of) && keys.length === 0 ? problem : undefined}
    />
  );
});
