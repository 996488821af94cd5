"use client";
import { Button, SegmentedControl, Switch, TextInput } from "@mantine/core";
import { IconSearch, IconZoomReset } from "@tabler/icons-react";
import { useQueryStates } from "nuqs";
import { keyFilter } from "../../../domain/experiments/chart-model.ts";
import { LateSmoothing } from "../../charts/late-smoothing.tsx";
import classes from "../experiments.module.css";
import { chartsParams } from "./charts-params.ts";

const AXES = [{ value: "step", label: "Step" }, { value: "relative", label: "Since start" }, { value: "time", label: "Time" }];

/** One choice of axis, range, smoothing and keys for all charts of the page. */
export function ChartsToolbar({ shown, total }: { shown: number; total: number }) {
  const [params, setParams] = useQueryStates(chartsParams);
  const zoomed = params.from !== null && params.to !== null;
  const { problem } = keyFilter(params.keys);
  return (
    <div className={classes.toolbar} role="group" aria-label="Charts">
      <TextInput
        data-filter-text
        aria-label="Filter metrics"
        placeholder="loss, or /^val/"
        value={params.keys}
        error={problem}
        onChange={(event) => void setParams({ keys: event.currentTarget.value || null })}
        leftSection={<IconSearch size={14} />}
        rightSection={<kbd aria-hidden="true">/</kbd>}
        w={220}
      />
      <SegmentedControl size="xs" aria-label="X axis" data={AXES} value={params.x} onChange={(x) => void setParams({ x: x as typeof params.x, from: null, to: null })} />
      <LateSmoothing w={224} value={params.smooth} onChange={(smooth) => void setParams({ smooth: smooth || null })} />
      <Switch size="xs" label="Log y" checked={params.log} onChange={(event) => void setParams({ log: event.currentTarget.checked || null })} />
      {zoomed && <Button variant="default" leftSection={<IconZoomReset size={14} />} onClick={() => void setParams({ from: null, to: null })}>Whole range</Button>}
      <span className={classes.spacer} />
      <span className="dim">{shown} of {total} metrics</span>
    </div>
  );
}
