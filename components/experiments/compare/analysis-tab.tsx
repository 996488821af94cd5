"use client";
import { MultiSelect, Select } from "@mantine/core";
import { columnOf, firstAxes, type PanelKind } from "../../../domain/experiments/compare/workspace.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { AnalysisPanel } from "./analysis-panel.tsx";
import classes from "./compare.module.css";
import { useComparedKeys, useCompareState } from "./use-compare.ts";

const COUNT = { parallel: 6, scatter: 2, contour: 3, importance: 1 } as const;

/** One analysis with its columns chosen above it. */
export function AnalysisTab({ kind }: { kind: Exclude<PanelKind, "lines"> }) {
  const [{ axes: asked }, setState] = useCompareState();
  const { metricKeys, params } = useComparedKeys();
  const columns = [
    { group: "Parameters", items: params.map(({ key }) => ({ value: `param:${key}`, label: key })) },
    { group: "Metrics, last value", items: metricKeys.map((key) => ({ value: `metric:${key}`, label: key })) },
  ].filter(({ items }) => items.length > 0);
  const known = asked.filter((name) => columnOf(name) !== null);
  const usual = kind === "importance" ? metricKeys.slice(0, 1).map((key) => `metric:${key}`) : firstAxes(params, metricKeys, COUNT[kind]);
  const axes = known.length > 0 ? known : usual;
  if (metricKeys.length === 0) return <EmptyState title="No metrics to compare">They appear here as runs log them.</EmptyState>;
  const choose = (at: number, value: string | null) => {
    const next = Array.from({ length: COUNT[kind] }, (_, place) => (place === at ? value : (axes[place] ?? usual[place]))).filter((one): one is string => typeof one === "string");
    void setState({ axes: next });
  };
  return (
    <>
      <div className={classes.bar}>
        {kind === "parallel" ? (
          <MultiSelect aria-label="Axes" placeholder="Add an axis" data={columns} value={axes} onChange={(next) => void setState({ axes: next })} searchable maxValues={12} limit={200} style={{ flex: 1, maxWidth: 900 }} />
        ) : kind === "importance" ? (
          <Select aria-label="Metric" data={columns.slice(-1)} value={axes[0] ?? null} allowDeselect={false} searchable onChange={(next) => choose(0, next)} w={240} limit={200} />
        ) : (
          <>
            <Select aria-label="x axis" data={columns} value={axes[0] ?? null} allowDeselect={false} searchable onChange={(next) => choose(0, next)} w={200} limit={200} />
            <Select aria-label="y axis" data={columns} value={axes[1] ?? null} allowDeselect={false} searchable onChange={(next) => choose(1, next)} w={200} limit={200} />
            <Select aria-label={kind === "contour" ? "Height" : "Colour"} placeholder={kind === "contour" ? "Height" : "Colour: by run"} data={columns} value={axes[2] ?? null} clearable={kind === "scatter"} clearButtonProps={{ "aria-label": "Colour by run" }} allowDeselect={false} searchable onChange={(next) => void setState({ axes: next ? [axes[0] ?? usual[0]!, axes[1] ?? usual[1]!, next] : axes.slice(0, 2) })} w={200} limit={200} />
          </>
        )}
      </div>
      <AnalysisPanel kind={kind} axes={axes} height={420} />
    </>
  );
}
