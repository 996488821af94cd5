"use client";
import { Button, Menu, SegmentedControl, Switch, TextInput } from "@mantine/core";
import { IconAdjustmentsHorizontal, IconSearch, IconZoomReset } from "@tabler/icons-react";
import { keyFilter } from "../../../domain/experiments/chart-model.ts";
import { LateSmoothing } from "../../charts/late-smoothing.tsx";
import { LateSelect } from "../../form/late-select.tsx";
import classes from "./compare.module.css";
import { useComparedKeys, useCompareState } from "./use-compare.ts";

/** Axis, grouping, smoothing: one choice for all charts of the page. */
export function CompareToolbar({ children }: { children: React.ReactNode }) {
  const [state, setState] = useCompareState();
  const { metricKeys, params, tags } = useComparedKeys();
  const axes = [
    { group: "Axis", items: [{ value: "step", label: "Step" }, { value: "relative", label: "Since start" }, { value: "time", label: "Clock time" }] },
    { group: "Another metric", items: metricKeys.slice(0, 200).map((key) => ({ value: `metric:${key}`, label: key })) },
  ];
  const groups = [
    { group: "Group by", items: [{ value: "experiment", label: "Experiment" }, { value: "project", label: "Project" }, { value: "status", label: "Status" }, { value: "owner", label: "Owner" }] },
    { group: "Parameter", items: params.slice(0, 200).map(({ key }) => ({ value: `param:${key}`, label: key })) },
    { group: "Tag", items: tags.slice(0, 200).map(({ key }) => ({ value: `tag:${key}`, label: key })) },
  ].filter(({ items }) => items.length > 0);
  return (
    <div className={classes.bar} role="group" aria-label="Charts">
      {state.panels === null && (
        <TextInput data-filter-text aria-label="Filter metrics" placeholder="loss, or /^val/" value={state.q} error={keyFilter(state.q).problem} w={150} leftSection={<IconSearch size={14} />} rightSection={<kbd aria-hidden="true">/</kbd>} onChange={(event) => void setState({ q: event.currentTarget.value || null })} />
      )}
      <LateSelect aria-label="X axis" data={axes} value={state.x} allowDeselect={false} searchable w={130} onChange={(x) => void setState({ x, from: null, to: null })} />
      <LateSelect aria-label="Group by" placeholder="No groups" data={groups} value={state.group || null} clearable clearButtonProps={{ "aria-label": "No groups" }} searchable w={140} onChange={(group) => void setState({ group: group || null })} />
      {state.group && <SegmentedControl size="xs" aria-label="Line of a group" data={[{ value: "mean", label: "Mean" }, { value: "median", label: "Median" }]} value={state.mid} onChange={(mid) => void setState({ mid: mid as "mean" | "median" })} />}
      <LateSmoothing w={204} value={state.smooth} onChange={(smooth) => void setState({ smooth: smooth || null })} />
      <Options />
      {state.from !== null && <Button variant="default" leftSection={<IconZoomReset size={14} />} onClick={() => void setState({ from: null, to: null })}>Whole range</Button>}
      <span style={{ flex: 1 }} />
      {children}
    </div>
  );
}

function Options() {
  const [state, setState] = useCompareState();
  return (
    <Menu closeOnItemClick={false} position="bottom-start">
      <Menu.Target><Button variant="default" leftSection={<IconAdjustmentsHorizontal size={14} />}>Look</Button></Menu.Target>
      <Menu.Dropdown>
        <div style={{ display: "grid", gap: 10, padding: 8, minWidth: 230 }}>
          <Switch size="xs" label="Logarithmic y" checked={state.logy} onChange={(event) => void setState({ logy: event.currentTarget.checked })} />
          <Switch size="xs" label="Logarithmic x" checked={state.logx} onChange={(event) => void setState({ logx: event.currentTarget.checked })} />
          <Switch size="xs" label="Band from least to greatest" checked={state.band} onChange={(event) => void setState({ band: event.currentTarget.checked })} />
          <Switch size="xs" label="Cut outliers off the axis" checked={state.clip} onChange={(event) => void setState({ clip: event.currentTarget.checked })} />
          <SegmentedControl size="xs" aria-label="Kind of smoothing" data={[{ value: "ema", label: "Moving average" }, { value: "gaussian", label: "Gaussian" }]} value={state.how} onChange={(how) => void setState({ how: how as "ema" | "gaussian" })} />
        </div>
      </Menu.Dropdown>
    </Menu>
  );
}
