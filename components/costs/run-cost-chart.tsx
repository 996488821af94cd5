"use client";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { geometryOf } from "../../domain/costs/money.ts";
import { TimeChart, type TimeChartProps } from "../charts/time-chart.tsx";
import { useTRPC } from "../providers/api.tsx";
import { keptIfSame } from "../providers/kept.ts";
import { useCan } from "../providers/viewer.tsx";
import classes from "../experiments/experiments.module.css"; // a chart beside those of the run
import { Section } from "../ui/page-header.tsx";
import { saysMoney } from "./chart-money.ts";

/** What a run had cost by when, on the axis of what it measured. Nothing where nothing has a price, or the viewer may not see costs. */
export function RunCostChart({ id, x, isLive, ...axis }: { id: string; x: "time" | "relative"; isLive: boolean } & Pick<TimeChartProps, "events" | "domain" | "onZoom" | "syncId">) {
  const allowed = useCan("costs:read");
  const asked = useTRPC().costs.runSeries.queryOptions({ id, x });
  const { data } = useQuery({ ...asked, enabled: allowed.ok, placeholderData: keptIfSame(asked.queryKey, "id", "x"), refetchInterval: isLive ? 15_000 : false });
  const series = useMemo(() => [{ key: "cost", label: "Cost", points: (data?.points ?? []).map((point) => ({ x: point.x, min: geometryOf(point.amount), max: geometryOf(point.amount), last: geometryOf(point.amount) })) }], [data]);
  if (!data || data.isUnpriced || data.points.length === 0) return null;
  return (
    <Section title="Cost">
      <div className={classes.charts}>
        <TimeChart title="What had it cost by when?" unit={data.currency} xKind={x} series={series} fromZero height={150} {...saysMoney(data.points.map(({ amount }) => amount), data.currency)} {...axis} />
      </div>
    </Section>
  );
}
