"use client";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { isPattern } from "../../../domain/experiments/compare/workspace.ts";
import type { ChartBlock } from "../../../domain/experiments/report-blocks.ts";
import { plural } from "../../../domain/shared/format.ts";
import { paths } from "../../../paths.ts";
import { ChartLoading } from "../../charts/chart-frame.tsx";
import { useSeen } from "../../charts/use-seen.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import { LinesView } from "../compare/lines-view.tsx";
import classes from "./reports.module.css";
import { SetFoot } from "./set-foot.tsx";
import { useComparedRows, useRunSet } from "./use-run-set.ts";

/** A chart of a report: the runs that its block finds now, asked for when it comes near the screen. */
export function ReportChart({ block, project }: { block: ChartBlock; project: string }) {
  const trpc = useTRPC();
  const org = useOrg();
  const [anchor, seen] = useSeen();
  const [zoom, setZoom] = useState<[number, number] | null>(null);
  const { rows, missing, error, retry } = useRunSet(block, project, seen);
  const compared = useComparedRows(rows);
  const pattern = block.metric.length === 1 && isPattern(block.metric[0]!);
  const keys = useQuery({ ...trpc.compare.keys.queryOptions({ ids: compared.ids }), enabled: seen && pattern && compared.ids.length > 0 });
  const metricKeys = useMemo(() => keys.data?.metrics.map(({ key }) => key) ?? [], [keys.data]);
  const { x, smooth, logx, logy, group } = block;
  const state = useMemo(() => ({ x, smooth, logx, logy, group: group ?? "", how: "ema" as const, mid: "mean" as const, band: true, clip: false, from: zoom?.[0] ?? null, to: zoom?.[1] ?? null }), [x, smooth, logx, logy, group, zoom]);
  return (
    <figure className={classes.block} ref={anchor}>
      {error ? <ErrorBox what={`The runs of ${block.metric.join(", ")} were not found`} error={error} retry={retry} /> : !rows ? <ChartLoading height={block.height + 40} /> : (
        <LinesView of={pattern ? block.metric[0]! : block.metric} title={block.title} state={state} compared={compared} metricKeys={metricKeys} height={block.height} seen={seen && compared.ids.length > 0} onZoom={setZoom} syncId={`report-${x}`} legend />
      )}
      {rows && <SetFoot said={plural(rows.length, "run")} missing={missing} href={rows.length > 0 ? paths.compare(org, compared.ids) : null} link="Compare these runs" />}
    </figure>
  );
}
