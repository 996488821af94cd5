"use client";
import { IconGripVertical } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { PANEL_HEIGHTS, type Panel } from "../../../domain/experiments/compare/workspace.ts";
import { ChartLoading } from "../../charts/chart-frame.tsx";
import { useSeen } from "../../charts/use-seen.ts";
import classes from "./compare.module.css";
import { LinesPanel } from "./lines-panel.tsx";
import { PanelMenu } from "./panel-menu.tsx";

const AnalysisPanel = lazy(() => import("./analysis-panel.tsx").then((module) => ({ default: module.AnalysisPanel })));

interface Props {
  panel: Panel;
  at: number;
  last: boolean;
  onMove: (to: number) => void;
  onDrop: (from: number) => void;
  onResize: (size: Partial<Pick<Panel, "wide" | "tall">>) => void;
  onRemove: () => void;
}

const DRAGGED = "application/x-drover-panel";

/** A chart's place in the grid: drag it by its grip, or use its menu. */
export function PanelFrame({ panel, at, last, onMove, onDrop, onResize, onRemove }: Props) {
  const [anchor, seen] = useSeen();
  const [over, setOver] = useState(false);
  const height = PANEL_HEIGHTS[panel.tall - 1]!;
  const tools = (
    <>
      <span draggable onDragStart={(event) => event.dataTransfer.setData(DRAGGED, String(at))} style={{ display: "inline-flex", cursor: "grab", color: "var(--text-faint)" }} title="Drag to another place" aria-hidden="true"><IconGripVertical size={14} /></span>
      <PanelMenu panel={panel} at={at} last={last} onMove={onMove} onResize={onResize} onRemove={onRemove} />
    </>
  );
  return (
    <div
      ref={anchor} className={classes.panel} data-wide={panel.wide} data-over={over || undefined}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(DRAGGED)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        const from = event.dataTransfer.getData(DRAGGED);
        if (from !== "") onDrop(Number(from));
      }}
    >
      {panel.kind === "lines" ? <LinesPanel of={panel.of[0]!} height={height} seen={seen} tools={tools} /> : (
        <Suspense fallback={<ChartLoading height={height + 40} />}><AnalysisPanel kind={panel.kind} axes={panel.of} height={height} tools={tools} /></Suspense>
      )}
    </div>
  );
}
