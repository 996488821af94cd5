"use client";
import { memo, useCallback } from "react";
import { LinesView } from "./lines-view.tsx";
import { useCompared, useComparedKeys, useCompareState } from "./use-compare.ts";

/** One metric, or those that a pattern finds, of all shown runs. */
export const LinesPanel = memo(function LinesPanel({ of, height, seen, tools }: { of: string; height: number; seen: boolean; tools?: React.ReactNode }) {
  const [state, setState] = useCompareState();
  const { metricKeys } = useComparedKeys();
  const onZoom = useCallback((range: [number, number] | null) => void setState({ from: range?.[0] ?? null, to: range?.[1] ?? null }), [setState]);
  const compared = useCompared();
  return <LinesView of={of} state={state} compared={compared} legend={compared.of !== undefined} metricKeys={metricKeys} height={height} seen={seen} tools={tools} onZoom={onZoom} syncId={`compare-${state.x}`} />;
});
