"use client";
import { lazy, Suspense, useRef } from "react";
import { useCurrentInSight } from "../../ui/use-current-in-sight.ts";
import { ChartsTab } from "./charts-tab.tsx";
import classes from "./compare.module.css";
import { COMPARE_TABS, type CompareTab } from "./compare-params.ts";
import { useCompared, useCompareState } from "./use-compare.ts";

const LABELS: Record<CompareTab, string> = { charts: "Charts", parallel: "Parallel", scatter: "Scatter", contour: "Contour", importance: "Importance", table: "Metrics", diff: "Differences", media: "Files" };

// The first tab is what brings people here; the others' script comes when they are opened.
const AnalysisTab = lazy(() => import("./analysis-tab.tsx").then((module) => ({ default: module.AnalysisTab })));
const TableTab = lazy(() => import("./table-tab.tsx").then((module) => ({ default: module.TableTab })));
const DiffTab = lazy(() => import("./diff-tab.tsx").then((module) => ({ default: module.DiffTab })));
const MediaTab = lazy(() => import("./media-tab.tsx").then((module) => ({ default: module.MediaTab })));

export function CompareBody() {
  const [{ show }, setState] = useCompareState();
  const { ids } = useCompared();
  const row = useRef<HTMLDivElement>(null);
  useCurrentInSight(row, show);
  return (
    <div style={{ minWidth: 0 }}>
      <div ref={row} className={classes.tabs} role="tablist" aria-label="Comparison">
        {COMPARE_TABS.map((tab) => (
          <button key={tab} type="button" role="tab" id={`compare-${tab}`} aria-selected={tab === show} aria-controls="compare-panel" className={classes.tab} onClick={() => void setState({ show: tab, axes: null })}>{LABELS[tab]}</button>
        ))}
      </div>
      <div role="tabpanel" id="compare-panel" aria-labelledby={`compare-${show}`} style={{ minHeight: 480 }}>
        {ids.length === 0 ? <p className="dim">All runs are hidden. Show one in the list of runs.</p> : (
          <Suspense fallback={<div style={{ minHeight: 320 }} aria-busy="true" />}><Tab show={show} /></Suspense>
        )}
      </div>
    </div>
  );
}

function Tab({ show }: { show: CompareTab }) {
  if (show === "charts") return <ChartsTab />;
  if (show === "table") return <TableTab />;
  if (show === "diff") return <DiffTab />;
  if (show === "media") return <MediaTab />;
  return <AnalysisTab kind={show} />;
}
