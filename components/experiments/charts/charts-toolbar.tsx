"use client";
import { Button, SegmentedControl, Slider, Switch, TextInput } from "@mantine/core";
import { IconSearch, IconZoomReset } from "@tabler/icons-react";
import { useQueryStates } from "nuqs";
import { useEffect, useState } from "react";
import { keyFilter } from "../../../domain/experiments/chart-model.ts";
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
      <Smoothing value={params.smooth} onChange={(smooth) => void setParams({ smooth: smooth || null })} />
      <Switch size="xs" label="Log y" checked={params.log} onChange={(event) => void setParams({ log: event.currentTarget.checked || null })} />
      {zoomed && <Button variant="default" leftSection={<IconZoomReset size={14} />} onClick={() => void setParams({ from: null, to: null })}>Whole range</Button>}
      <span className={classes.spacer} />
      <span className="dim">{shown} of {total} metrics</span>
    </div>
  );
}

/** Follows the thumb at once; the URL only when it is let go. */
function Smoothing({ value, onChange }: { value: number; onChange: (value: number) => void }) {
  const [thumb, setThumb] = useState(value);
  useEffect(() => setThumb(value), [value]);
  return (
    <div style={{ display: "flex", alignItems: "center", gap: 8 }}>
      <span id="smoothing-label">Smoothing</span>
      <Slider w={110} size="sm" min={0} max={99} value={thumb} onChange={setThumb} onChangeEnd={onChange} label={null} thumbProps={{ "aria-labelledby": "smoothing-label" }} />
      <span className="mono" style={{ width: 32 }}>{(thumb / 100).toFixed(2)}</span>
    </div>
  );
}
