"use client";
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { systemChartsOf } from "../../../domain/experiments/system-charts.ts";
import type { RunDetail } from "../../../domain/experiments/run-view.ts";
import { formatMib, formatNumber } from "../../../domain/shared/format.ts";
import { TimeChart } from "../../charts/time-chart.tsx";
import { useTRPC } from "../../providers/api.tsx";
import { keptIfSame } from "../../providers/kept.ts";
import { Section } from "../../ui/page-header.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import classes from "../experiments.module.css";
import { useMarks } from "./use-marks.ts";

interface Props {
  run: RunDetail;
  x: "time" | "relative";
  range: [number, number] | null;
  domain: [number, number] | undefined;
  onZoom: ((range: [number, number] | null) => void) | undefined;
  syncId: string;
  note: string | null;
}

/** What the machine measured while the run was on it, on the same axis as its metrics. */
export function SystemCharts({ run, x, range, domain, onZoom, syncId, note }: Props) {
  const trpc = useTRPC();
  const [attemptId, setAttemptId] = useState<string | null>(null);
  const ends = range ? { from: range[0], to: range[1] } : {};
  const asked = trpc.experiments.systemSeries.queryOptions({ id: run.id, x, buckets: 300, ...(attemptId ? { attemptId } : {}), ...ends });
  const query = useQuery({ ...asked, placeholderData: keptIfSame(asked.queryKey, "id", "x", "attemptId"), refetchInterval: run.endedAt ? false : 15_000 });
  const charts = useMemo(() => systemChartsOf(query.data ?? []), [query.data]);
  const events = useMarks(run, x);
  const choose = run.attempts.length > 1 && (
    <Select aria-label="Attempt" w={150} value={attemptId ?? "all"} allowDeselect={false} data={[{ value: "all", label: "All attempts" }, ...run.attempts.map((attempt) => ({ value: attempt.id, label: `Attempt ${attempt.number}` }))]} onChange={(next) => setAttemptId(next === "all" ? null : next)} />
  );
  return (
    <Section title="System" actions={choose || (note && <span className="dim">{note}</span>)}>
      {query.error ? <ErrorBox what="System metrics could not be loaded" error={query.error} retry={() => void query.refetch()} /> : query.data && charts.length === 0 ? (
        <div className={classes.empty}>{run.attempts.length === 0 ? "Measured once the run has started." : "Nothing was measured: the agent samples every few seconds, so a very short run has none."}</div>
      ) : (
        <div className={classes.charts}>
          {(query.data ? charts : PLACEHOLDERS).map((chart) => (
            <TimeChart key={chart.key} title={chart.title} unit={chart.unit === "MiB" ? null : chart.unit} series={chart.series} xKind={x} events={events} fromZero height={150} loading={!query.data} syncId={syncId} formatValue={chart.unit === "MiB" ? formatMib : formatNumber} {...(domain ? { domain } : {})} {...(onZoom ? { onZoom } : {})} />
          ))}
        </div>
      )}
    </Section>
  );
}

const PLACEHOLDERS = [{ key: "cpu", title: "CPU in use", unit: "cores", series: [] }, { key: "memory", title: "Memory in use", unit: "MiB", series: [] }];
