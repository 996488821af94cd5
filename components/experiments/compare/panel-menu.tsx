"use client";
import { ActionIcon, Menu } from "@mantine/core";
import { IconArrowLeft, IconArrowRight, IconArrowsHorizontal, IconArrowsVertical, IconCopy, IconDotsVertical, IconTrash } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import type { Panel } from "../../../domain/experiments/compare/workspace.ts";
import { chartBlock } from "../../../domain/experiments/report-words.ts";
import { copyText } from "../../ui/copy-text.ts";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import { useCompared, useCompareState } from "./use-compare.ts";

interface Props {
  panel: Panel;
  at: number;
  last: boolean;
  onMove: (to: number) => void;
  onResize: (size: Partial<Pick<Panel, "wide" | "tall">>) => void;
  onRemove: () => void;
}

const labelOf = ({ of }: Panel) => `Chart ${of.join(", ")}: options`;

/** A chart's menu. Until it is first opened it is a button alone: two dozen menus that nobody opens take longer than a chart. */
export function PanelMenu(props: Props) {
  const [isWanted, setWanted] = useState(false);
  if (isWanted) return <OpenMenu {...props} />;
  return <ActionIcon size={24} aria-haspopup="menu" aria-expanded={false} aria-label={labelOf(props.panel)} onClick={() => setWanted(true)}><IconDotsVertical size={14} /></ActionIcon>;
}

function OpenMenu({ panel, at, last, onMove, onResize, onRemove }: Props) {
  const [opened, setOpened] = useState(false);
  useEffect(() => setOpened(true), []); // after it took the focus from the button in its place, to which it gives it back
  const isOfAll = useCompared().of !== undefined; // a report draws single runs
  return (
    <Menu opened={opened} onChange={setOpened}>
      <Menu.Target><ActionIcon size={24} autoFocus aria-label={labelOf(panel)}><IconDotsVertical size={14} /></ActionIcon></Menu.Target>
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
  );
}

/** The chart as text that a report draws. */
function CopyForReport({ metric }: { metric: string }) {
  const [{ x, group, smooth, logx, logy }] = useCompareState();
  const { ids } = useCompared();
  const copy = () => void copyText(chartBlock({ metric, runs: ids, x, group, smooth, logx, logy })).then(() => notifyDone("The chart is in the clipboard. Paste it into a report."), notifyError("The chart was not copied"));
  return <Menu.Item leftSection={<IconCopy size={14} />} onClick={copy}>Copy for a report</Menu.Item>;
}
