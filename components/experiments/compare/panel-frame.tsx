"use client";
import { ActionIcon, Menu } from "@mantine/core";
import { IconArrowLeft, IconArrowRight, IconArrowsHorizontal, IconArrowsVertical, IconCopy, IconDotsVertical, IconGripVertical, IconTrash } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { PANEL_HEIGHTS, type Panel } from "../../../domain/experiments/compare/workspace.ts";
import { chartBlock } from "../../../domain/experiments/report-words.ts";
import { ChartLoading } from "../../charts/chart-frame.tsx";
import { useSeen } from "../../charts/use-seen.ts";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import classes from "./compare.module.css";
import { LinesPanel } from "./lines-panel.tsx";
import { useCompared, useCompareState } from "./use-compare.ts";

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
  const isOfAll = useCompared().of !== undefined; // a report draws single runs
  const name = panel.of.join(", ");
  const height = PANEL_HEIGHTS[panel.tall - 1]!;
  const tools = (
    <>
      <span draggable onDragStart={(event) => event.dataTransfer.setData(DRAGGED, String(at))} style={{ display: "inline-flex", cursor: "grab", color: "var(--text-faint)" }} title="Drag to another place" aria-hidden="true"><IconGripVertical size={14} /></span>
      <Menu>
        <Menu.Target><ActionIcon size={24} aria-label={`Chart ${name}: options`}><IconDotsVertical size={14} /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconArrowLeft size={14} />} disabled={at === 0} onClick={() => onMove(at - 1)}>Move back</Menu.Item>
          <Menu.Item leftSection={<IconArrowRight size={14} />} disabled={last} onClick={() => onMove(at + 1)}>Move on</Menu.Item>
          <Menu.Item leftSection={<IconArrowsHorizontal size={14} />} onClick={() => onResize({ wide: (panel.wide % 3) + 1 })}>{panel.wide === 3 ? "Narrow" : "Wider"}</Menu.Item>
          <Menu.Item leftSection={<IconArrowsVertical size={14} />} onClick={() => onResize({ tall: (panel.tall % 3) + 1 })}>{panel.tall === 3 ? "Low" : "Taller"}</Menu.Item>
          {panel.kind === "lines" && !isOfAll && <CopyForReport metric={panel.of[0]!} />}
          <Menu.Divider />
          <Menu.Item leftSection={<IconTrash size={14} />} onClick={onRemove}>Remove</Menu.Item>
        </Menu.Dropdown>
      </Menu>
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

/** The chart as text that a report draws. */
function CopyForReport({ metric }: { metric: string }) {
  const [{ x, group, smooth, logx, logy }] = useCompareState();
  const { ids } = useCompared();
  const copy = () => void navigator.clipboard.writeText(chartBlock({ metric, runs: ids, x, group, smooth, logx, logy })).then(() => notifyDone("The chart is in the clipboard. Paste it into a report."), notifyError("The chart was not copied"));
  return <Menu.Item leftSection={<IconCopy size={14} />} onClick={copy}>Copy for a report</Menu.Item>;
}
