"use client";
import { ActionIcon, TextInput, Tooltip, VisuallyHidden } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconMinus, IconSearch } from "@tabler/icons-react";
import { useMemo } from "react";
import { compare, decimal, ZERO } from "../../../domain/costs/decimal.ts";
import { formatMoney } from "../../../domain/costs/money.ts";
import { type AmountDelta, amountDelta } from "../../../domain/costs/unit-cost.ts";
import { keyFilter } from "../../../domain/experiments/chart-model.ts";
import { type Delta, deltaTo, turnWay, type Way as WayOf, wayOf } from "../../../domain/experiments/compare/baseline.ts";
import { formatNumber, minus, plural } from "../../../domain/shared/format.ts";
import { Money } from "../../costs/money.tsx";
import { useRunCosts } from "../../costs/run-costs.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import { Num } from "../../ui/sizes.tsx";
import classes from "./compare.module.css";
import { RunHead } from "./run-head.tsx";
import { useColumns, useCompared, useComparedKeys, useCompareState } from "./use-compare.ts";

const SHOWN = 40;

/** Last values, a metric a row; with a baseline, how far the others are from it and whether that is better. */
export function TableTab() {
  const [state, setState] = useCompareState();
  const { shown, ids } = useCompared();
  const costs = useRunCosts(ids, true);
  const { metricKeys } = useComparedKeys();
  const matching = useMemo(() => metricKeys.filter(keyFilter(state.q).matches), [metricKeys, state.q]);
  const keys = matching.slice(0, SHOWN);
  const query = useColumns(keys.map((key) => `metric:${key}`));
  const base = shown.findIndex(({ id }) => id === state.base);
  const turn = (key: string) => void setState({ better: turnWay(key, state.better) });
  if (query.error) return <ErrorBox what="The values could not be loaded" error={query.error} retry={() => void query.refetch()} />;
  return (
    <>
      <div className={classes.bar}>
        <TextInput data-filter-text aria-label="Filter metrics" placeholder="loss, or /^val/" value={state.q} error={keyFilter(state.q).problem} w={220} leftSection={<IconSearch size={14} />} onChange={(event) => void setState({ q: event.currentTarget.value || null })} />
        <span className="dim">{keys.length} of {plural(metricKeys.length, "metric")}, last values{base < 0 ? ". Press a run’s flag to measure the others against it" : ""}</span>
      </div>
      <div className={classes.tableWrap} tabIndex={0} role="region" aria-label="Last values">
        <table className={classes.table} aria-busy={!query.data}>
          <thead><tr><th scope="col">Metric</th><th scope="col">Better</th>{shown.map((run) => <th key={run.id} scope="col" data-align="right"><RunHead run={run} /></th>)}</tr></thead>
          <tbody>
            {costs && (
              <tr>
                <th scope="row" title="What each has cost so far">Cost</th>
                <td><span className="dim">lower</span></td>
                {shown.map((run, at) => {
                  const [own, other] = [costs.of.get(run.id), base >= 0 && at !== base ? costs.of.get(shown[base]!.id) : undefined];
                  return <td key={run.id} data-align="right">{own && !costs.isUnpriced ? <Money amount={own.amount} currency={costs.currency} /> : <span className="dim">—</span>}{own && other && !costs.isUnpriced && <CostDelta delta={amountDelta(own.amount, other.amount)} currency={costs.currency} />}</td>;
                })}
              </tr>
            )}
            {keys.map((key, row) => [key, row, wayOf(key, state.better)] as const).map(([key, row, way]) => (
              <tr key={key}>
                <th scope="row" title={key}>{key}</th>
                <td><Way way={way} metric={key} onTurn={() => turn(key)} /></td>
                {shown.map((run, at) => {
                  const value = query.data?.[at]?.[row];
                  const delta = base >= 0 && at !== base ? deltaTo(value as number, query.data?.[base]?.[row] as number, way === "none" ? null : way) : null;
                  return <td key={run.id} data-align="right"><Num value={typeof value === "number" ? value : null} />{delta && <DeltaText delta={delta} />}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Way({ way, metric, onTurn }: { way: WayOf; metric: string; onTurn: () => void }) {
  const label = way === "none" ? "Neither way is better" : `${way === "lower" ? "Lower" : "Higher"} is better`;
  return (
    <Tooltip label={`${label}. Press to change.`}>
      <ActionIcon size={24} aria-label={`${metric}: ${label.toLowerCase()}`} onClick={onTurn}>{way === "lower" ? <IconArrowDown size={14} /> : way === "higher" ? <IconArrowUp size={14} /> : <IconMinus size={14} />}</ActionIcon>
    </Tooltip>
  );
}

/** One digit after the point in every row; a share too small for it, as it is. */
const percentOf = (share: number): string => (share !== 0 && Math.abs(share) < 0.0005 ? formatNumber(share * 100, 1) : minus((share * 100).toFixed(1)));

function CostDelta({ delta: { by, percent }, currency }: { delta: AmountDelta; currency: string }) {
  const way = compare(decimal(by), ZERO);
  return <DeltaMark way={way} better={way === 0 ? null : way < 0} text={percent === null ? formatMoney(by, currency) : `${minus(percent)} %`} exact={`${minus(by)} ${currency}`} />;
}

function DeltaText({ delta: { by, share, better } }: { delta: Delta }) {
  return <DeltaMark way={by} better={better} text={share === null ? formatNumber(by, 3) : `${percentOf(share)} %`} exact={formatNumber(by)} />;
}

/** Beside a value: how far from the baseline's. @param way Its sign. */
function DeltaMark({ way, better, text, exact }: { way: number; better: boolean | null; text: string; exact: string }) {
  const sign = way > 0 ? "+" : "";
  const word = better === null ? "" : better ? "better" : "worse";
  return <span className={classes.delta} data-better={better === null ? "none" : String(better)} title={`${sign}${exact} ${word}`}>{way === 0 ? "" : way > 0 ? "▲ " : "▼ "}{sign}{text}{word && <VisuallyHidden> {word}</VisuallyHidden>}</span>;
}
