"use client";
import { lazy, Suspense } from "react";
import { ChartEmpty, ChartFrame, ChartLoading } from "./chart-frame.tsx";
import { useSeen } from "./use-seen.ts";
import classes from "./charts.module.css";

const ShareMapPlot = lazy(() => import("./share-map-plot.tsx").then((module) => ({ default: module.ShareMapPlot })));

export interface Share {
  key: string;
  label: string;
  /** Its area; nothing below or at zero is drawn. */
  size: number;
  /** As it is to be read. */
  value: string;
  /** Drawn without the accent: nobody's. */
  isRest?: boolean;
  href?: string | undefined;
}

/** Parts of a whole as areas, for many parts of very different size. A table with the same parts must stand beside it: nobody can read areas exactly. */
export function ShareMap({ title, unit, shares, height = 320 }: { title: string; unit?: string; shares: readonly Share[]; height?: number }) {
  const [anchor, seen] = useSeen();
  const drawn = shares.filter(({ size }) => size > 0);
  return (
    <ChartFrame title={title} unit={unit ?? null} summary={drawn.slice(0, 6).map(({ label, value }) => `${label}: ${value}`).join("; ")}>
      <div ref={anchor} className={classes.plot} style={{ height }}>
        {drawn.length === 0 ? <ChartEmpty height={height}>Nothing to divide.</ChartEmpty> : !seen ? <ChartLoading height={height} /> : <Suspense fallback={<ChartLoading height={height} />}><ShareMapPlot shares={drawn} height={height} /></Suspense>}
      </div>
    </ChartFrame>
  );
}
