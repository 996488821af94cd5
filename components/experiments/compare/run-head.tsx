"use client";
import type { ComparedRun } from "../../../domain/experiments/compare/view.ts";
import { cutMiddle } from "../../../domain/shared/format.ts";
import { colourOf } from "../../charts/colours.ts";
import classes from "./compare.module.css";
import { useCompared, useCompareState } from "./use-compare.ts";

/** A run at the head of a column: its colour and name, and whether it is the baseline. */
export function RunHead({ run }: { run: ComparedRun }) {
  const { strokeOfRun } = useCompared();
  const [{ base }] = useCompareState();
  const { slot, dashed } = strokeOfRun(run.id);
  return (
    <span style={{ display: "inline-flex", alignItems: "center", gap: 6 }} title={run.name}>
      <span className={classes.swatch} data-dashed={dashed || undefined} style={{ borderColor: colourOf(slot) }} />
      {cutMiddle(run.name, 24)}{base === run.id ? " (baseline)" : ""}
    </span>
  );
}
