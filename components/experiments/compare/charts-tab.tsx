"use client";
import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import { keyFilter } from "../../../domain/experiments/chart-model.ts";
import { movePanel, type Panel, panelNames, resizePanel } from "../../../domain/experiments/compare/workspace.ts";
import { plural } from "../../../domain/shared/format.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { AddPanel } from "./add-panel.tsx";
import classes from "./compare.module.css";
import { CompareToolbar } from "./charts-toolbar.tsx";
import { CHART_HEIGHT, keysOfPanels, panelsOf, SHOWN } from "./series-input.ts";
import { PanelFrame } from "./panel-frame.tsx";
import { useCompared, useComparedKeys, useCompareState } from "./use-compare.ts";
import { useEarlySeries } from "./use-panel-series.ts";

/** Charts that the screen shows at first; none on the server, which draws them without lines. Their place is there before the page is alive. */
function onScreen(): number {
  const page = typeof window === "undefined" ? null : document.querySelector(`.${classes.columns}`);
  return page ? Number(getComputedStyle(page).getPropertyValue("--columns")) * Math.ceil(window.innerHeight / CHART_HEIGHT) : 0;
}

/** The charts: every metric at first; those that were chosen, arranged and sized once somebody did. */
export function ChartsTab() {
  const [state, setState] = useCompareState();
  const { metricKeys } = useComparedKeys();
  const { panels, change, more, showMore } = usePanels();
  const names = panelNames(panels);
  if (metricKeys.length === 0 && state.panels === null) return <EmptyState title="No metrics to compare">They appear here as runs log them.</EmptyState>;
  return (
    <>
      <CompareToolbar>
        <span className="dim">{state.panels === null ? `${panels.length} of ${plural(metricKeys.length, "metric")}` : plural(panels.length, "chart")}</span>
        {state.panels !== null && <Button variant="subtle" color="gray" onClick={() => void setState({ panels: null })}>All metrics</Button>}
      </CompareToolbar>
      {panels.length === 0 && <p className="dim">{state.panels === null ? "No metric matches this filter." : "No charts. Add one, or go back to all metrics."}</p>}
      <div className={classes.grid}>
        {panels.map((panel, at) => (
          <PanelFrame
            key={names[at]}
            panel={panel} at={at} last={at === panels.length - 1}
            onMove={(to) => change(movePanel(panels, at, to))}
            onDrop={(from) => change(movePanel(panels, from, at))}
            onResize={(size) => change(resizePanel(panels, at, size))}
            onRemove={() => change(panels.filter((_, place) => place !== at))}
          />
        ))}
      </div>
      {more && <div className={classes.bar} style={{ marginTop: 16 }}><Button variant="default" onClick={showMore}>{`Show more of ${plural(metricKeys.length, "metric")}`}</Button></div>}
    </>
  );
}

/** Draws nothing: asks for the first charts before the rest of the page is drawn. */
export function AskEarly() {
  const [state] = useCompareState();
  const compared = useCompared();
  const { metricKeys } = useComparedKeys();
  const { panels } = usePanels();
  useEarlySeries(keysOfPanels(panels.slice(0, onScreen()), metricKeys).flat(), state, compared);
  return null;
}

/** For the page's head, beside what acts on the whole comparison. */
export function AddChart() {
  const { panels, change } = usePanels();
  return <AddPanel onAdd={(panel) => change([panel, ...panels])} />;
}

function usePanels() {
  const [state, setState] = useCompareState();
  const { metricKeys } = useComparedKeys();
  const [limit, setLimit] = useState(SHOWN);
  const { of } = useCompared();
  const { panels: chosen, q } = state;
  const found = useMemo(() => panelsOf({ panels: chosen, q }, metricKeys, limit), [chosen, q, metricKeys, limit]);
  const panels = useMemo(() => (of ? found.filter(({ kind }) => kind === "lines") : found), [of, found]); // of groups there is nothing but their course
  return { panels, change: (next: Panel[]) => void setState({ panels: next, q: null }), more: state.panels === null && metricKeys.filter(keyFilter(state.q).matches).length > panels.length, showMore: () => setLimit(limit + SHOWN) };
}
