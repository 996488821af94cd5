"use client";
import { Button, MultiSelect, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { asPattern, firstAxes, newPanel, type NewPanelKind, type Panel, panelKeys } from "../../../domain/experiments/compare/workspace.ts";
import { useCompared, useComparedKeys } from "./use-compare.ts";

const KINDS: { value: NewPanelKind; label: string }[] = [
  { value: "lines", label: "A metric over the axis" }, { value: "pattern", label: "Metrics that match a pattern" }, { value: "parallel", label: "Parallel coordinates" },
  { value: "scatter", label: "Scatter" }, { value: "contour", label: "Contour" }, { value: "importance", label: "Parameter importance" },
];

/** A chart to add: what it shows, and of what. */
export function PanelForm({ onAdd }: { onAdd: (panel: Panel) => void }) {
  const { metricKeys, params } = useComparedKeys();
  const isOfAll = useCompared().of !== undefined;
  const [kind, setKind] = useState<NewPanelKind>("lines");
  const [metric, setMetric] = useState(metricKeys[0] ?? "");
  const [pattern, setPattern] = useState("/loss/");
  const [axes, setAxes] = useState<string[]>(() => firstAxes(params, metricKeys, 3));
  const columns = [...params.map(({ key }) => ({ value: `param:${key}`, label: key })), ...metricKeys.map((key) => ({ value: `metric:${key}`, label: `${key} (metric)` }))];
  const found = panelKeys(asPattern(pattern), metricKeys);
  const panel = newPanel(kind, { metric, pattern: found.keys.length > 0 ? asPattern(pattern) : "", axes });
  return (
    <form style={{ display: "grid", gap: 12 }} onSubmit={(event) => {
      event.preventDefault();
      if (panel) onAdd(panel);
    }}>
      <Select label="What it shows" data={isOfAll ? KINDS.slice(0, 2) : KINDS} value={kind} allowDeselect={false} onChange={(next) => setKind(next as typeof kind)} data-autofocus />
      {(kind === "lines" || kind === "importance") && <Select label="Metric" data={metricKeys} value={metric} allowDeselect={false} searchable onChange={(next) => setMetric(next ?? "")} limit={200} />}
      {kind === "pattern" && <TextInput label="Pattern" description={found.problem ?? `Finds ${found.keys.join(", ")}`} value={pattern} onChange={(event) => setPattern(event.currentTarget.value)} className="mono" />}
      {(kind === "parallel" || kind === "scatter" || kind === "contour") && <MultiSelect label="Axes" description={kind === "scatter" ? "x, y, and colour if a third is given" : kind === "contour" ? "x, y and height" : "In this order"} data={columns} value={axes} onChange={setAxes} searchable maxValues={kind === "parallel" ? 12 : 3} limit={200} />}
      <Button type="submit" disabled={!panel} style={{ justifySelf: "end" }}>Add chart</Button>
    </form>
  );
}
