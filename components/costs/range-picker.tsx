"use client";
import { SegmentedControl, TextInput } from "@mantine/core";
import { useState } from "react";
import { RANGE_NAMES, type RangeName, rangeProblem } from "../../domain/costs/days.ts";
import type { RangeParams } from "./costs-params.ts";
import classes from "./costs.module.css";

const OWN = "own";

/** Days up to today, or whole days of one's own. @param days What is shown now. */
export function RangePicker({ params, days, onChange }: { params: RangeParams; days: { from: string; to: string }; onChange: (next: Partial<RangeParams>) => void }) {
  const isOwn = rangeProblem(params.from, params.to) === null;
  const [draft, setDraft] = useState<{ from: string; to: string } | null>(null);
  const shown = draft ?? days;
  const problem = rangeProblem(shown.from, shown.to);
  const edit = (more: Partial<typeof shown>) => {
    const next = { ...shown, ...more };
    const isWhole = rangeProblem(next.from, next.to) === null;
    setDraft(isWhole ? null : next);
    if (isWhole) onChange(next);
  };
  const choose = (value: string) => {
    setDraft(null);
    onChange(value === OWN ? days : { range: value as RangeName, from: null, to: null });
  };
  return (
    <>
      <SegmentedControl size="xs" aria-label="Time range" data={[...RANGE_NAMES, { value: OWN, label: "Own" }]} value={isOwn || draft ? OWN : params.range} onChange={choose} />
      {(isOwn || draft) && (
        <span className={classes.range}>
          <TextInput type="date" size="xs" aria-label="From, UTC" value={shown.from} onChange={(event) => edit({ from: event.currentTarget.value })} />
          <span className="dim">to</span>
          <TextInput type="date" size="xs" aria-label="To, UTC" value={shown.to} onChange={(event) => edit({ to: event.currentTarget.value })} />
          {problem ? <span className={classes.behind} role="alert">{problem}</span> : <span className="dim">UTC</span>}
        </span>
      )}
    </>
  );
}
