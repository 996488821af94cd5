"use client";
import { useMemo } from "react";
import { usePlotArea, useXAxisScale, useYAxisScale } from "recharts";

/** From a value to its place in the drawing, px. */
export type To = (value: number) => number;

/** How the chart around it places values; null until it knows its size. */
export function useScales(): { x: To; y: To; area: { x: number; y: number; width: number; height: number } } | null {
  const x = useXAxisScale();
  const y = useYAxisScale();
  const area = usePlotArea();
  return useMemo(() => (x && y && area ? { x: (value) => x(value) ?? Number.NaN, y: (value) => y(value) ?? Number.NaN, area } : null), [x, y, area]);
}
