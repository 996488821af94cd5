"use client";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { SeriesX } from "../../../domain/experiments/run-inputs.ts";
import { type Mark, runMarks } from "../../../domain/experiments/run-marks.ts";
import type { RunDetail } from "../../../domain/experiments/run-view.ts";
import { useTRPC } from "../../providers/api.tsx";

/** Lines that one can still tell apart: of a run with more events the newest. */
const NEWEST = 100;

/** What happened to the run, as lines on its charts. */
export function useMarks(run: RunDetail, x: SeriesX): Mark[] {
  const { data } = useQuery({ ...useTRPC().experiments.events.queryOptions({ id: run.id, marking: true, limit: NEWEST }), enabled: x !== "step" });
  return useMemo(() => runMarks(run.attempts, data?.items ?? [], x, run.startedAt?.getTime() ?? null), [run.attempts, run.startedAt, data, x]);
}
