"use client";
import { useQuery } from "@tanstack/react-query";
import { Fragment, useMemo } from "react";
import { importanceOf } from "../../../domain/experiments/compare/importance.ts";
import { formatNumber, formatShare } from "../../../domain/shared/format.ts";
import { ChartEmpty, ChartLoading } from "../../charts/chart-frame.tsx";
import { useTRPC } from "../../providers/api.tsx";
import { keptIfSame } from "../../providers/kept.ts";
import { ErrorBox } from "../../ui/query-error.tsx";
import classes from "./compare.module.css";
import { useCompared, useComparedKeys } from "./use-compare.ts";

/** Fixed: the same runs show the same bars to everybody. */
const SEED = 7070;
const MAX_PARAMS = 39;
const SHOWN = 15;

/** How much each parameter decides the metric's last value, with the number of runs and what to doubt. */
export function ImportanceBars({ metric }: { metric: string }) {
  const trpc = useTRPC();
  const { ids } = useCompared();
  const { params } = useComparedKeys();
  const names = params.filter(({ distinct }) => distinct > 1).slice(0, MAX_PARAMS).map(({ key }) => key);
  const columns = [{ kind: "metric" as const, key: metric, of: "last" as const }, ...names.map((key) => ({ kind: "param" as const, key }))];
  const asked = trpc.compare.values.queryOptions({ ids, columns });
  const query = useQuery({ ...asked, enabled: ids.length > 0 && metric !== "", placeholderData: keptIfSame(asked.queryKey, "columns") });
  const { data } = query;
  const found = useMemo(() => {
    if (!data) return null;
    const samples = data.flatMap(([target, ...cells]) => (typeof target === "number" ? [{ target, params: Object.fromEntries(names.flatMap((name, at) => (cells[at] === null || cells[at] === undefined ? [] : [[name, String(cells[at])]]))) }] : []));
    return importanceOf(samples, SEED);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- names come with the keys that data was asked for
  }, [data]);
  if (query.error) return <ErrorBox what="The parameters could not be loaded" error={query.error} retry={() => void query.refetch()} />;
  if (!found) return <ChartLoading height={200} />;
  if (found.rows.length === 0) return <ChartEmpty height={120}>{found.caveats.join(" ")}</ChartEmpty>;
  return (
    <>
      <div className={classes.bars} role="table" aria-label={`Importance of parameters for ${metric}`}>
        <div className={classes.barsHead} role="columnheader">Parameter</div>
        <div className={classes.barsHead} role="columnheader">Variance lost when shuffled</div>
        <div className={classes.barsHead} role="columnheader" />
        <div className={classes.barsHead} role="columnheader">Correlation</div>
        {found.rows.slice(0, SHOWN).map(({ param, importance, correlation }) => (
          <Fragment key={param}>
            <div className="cut" role="cell" title={param}>{param}</div>
            <div role="cell" className={classes.barTrack}><div className={classes.barFill} style={{ width: `${Math.max(0.5, Math.min(100, (importance / Math.max(found.rows[0]!.importance, 1e-9)) * 100))}%` }} /></div>
            <div role="cell" className="num">{formatShare(importance)}</div>
            <div role="cell" className="num">{correlation === null ? <span className="dim">words</span> : formatNumber(correlation, 2)}</div>
          </Fragment>
        ))}
      </div>
      <p className={classes.note} style={{ maxWidth: "80ch" }}>
        n {found.n} runs; a random forest of 60 trees explains {formatShare(Math.max(0, found.explained ?? 0))} of what it has not seen. Correlation is Spearman’s, of ranks. {found.caveats.join(" ")}
        {found.rows.length > SHOWN ? ` First ${SHOWN} of ${found.rows.length} parameters.` : ""} What goes with a metric need not cause it.
      </p>
    </>
  );
}
