"use client";
import { useQuery } from "@tanstack/react-query";
import { unitCost } from "../../../domain/costs/unit-cost.ts";
import { narrowTo } from "../../../domain/experiments/filter/edit.ts";
import { valuesOf, type TableColumn } from "../../../domain/experiments/table-columns.ts";
import type { TableGroup } from "../../../domain/experiments/table-view.ts";
import { formatCount, formatNumber } from "../../../domain/shared/format.ts";
import { Money } from "../../costs/money.tsx";
import { useTRPC } from "../../providers/api.tsx";
import { keptIfSame } from "../../providers/kept.ts";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { TableSkeleton } from "../../table/table-skeleton.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import { type RunsParams, tableSetOf } from "../runs-params.ts";

const FIRST = { key: "value", title: "Group", grow: true } as const;

/** A row per value: how many runs, how many still go, and what they reached in the metrics that are columns. */
export function GroupsTable({ params, columns, label, onOpen }: { params: RunsParams; columns: readonly TableColumn[]; label: string; onOpen: (filter: string) => void }) {
  const trpc = useTRPC();
  const metrics = [...new Set(valuesOf(columns).flatMap((value) => (value.kind === "metric" ? [value.key] : [])))].slice(0, 3);
  const costs = columns.some(({ name }) => name === "cost");
  const asked = trpc.table.groups.queryOptions({ ...tableSetOf(params), by: params.group, metrics, costs });
  const query = useQuery({ ...asked, placeholderData: keptIfSame(asked.queryKey, "by", "metrics", "costs") });
  if (query.error) return <ErrorBox what="The groups could not be loaded" error={query.error} retry={() => void query.refetch()} />;
  const shown: Column<TableGroup>[] = [
    { ...FIRST, title: label, render: (group) => <button type="button" data-row-link onClick={() => onOpen(narrowTo(params.f, params.group, group.value))} style={{ padding: 0, border: 0, background: "none", font: "inherit", fontWeight: 500, color: "inherit", cursor: "pointer" }}>{group.value ?? "not set"}</button> },
    { key: "runs", title: "Runs", align: "right", render: (group) => formatCount(group.runs) },
    { key: "active", title: "Active", align: "right", hideBelow: "xs", render: (group) => (group.active > 0 ? formatCount(group.active) : <span className="dim">0</span>) },
    ...(costs ? [{ key: "cost", title: <span title="Of what the ledger has: hours that are not over are not in it yet">Cost: sum, mean, n</span>, align: "right" as const, render: (group: TableGroup) => <Cost of={group.cost} /> }] : []),
    ...metrics.map((key, at): Column<TableGroup> => ({ key: `m${at}`, title: `${key}: mean, least to greatest, n`, align: "right", hideBelow: at > 0 ? "md" : "sm", render: (group) => <Figures of={group.metrics[at] ?? null} /> })),
  ];
  if (!query.data) return <TableSkeleton columns={[{ ...FIRST, title: label }, { key: "runs", title: "Runs", align: "right" }]} />;
  return <DataTable label={`Groups by ${label}`} noun="group" rows={query.data} rowKey={(group) => group.value ?? "\u0000"} columns={shown} empty={<EmptyState title="No run matches" />} />;
}

function Cost({ of }: { of: TableGroup["cost"] }) {
  const mean = of && unitCost(of.amount, `${of.n}`);
  if (!of || mean === null) return <span className="dim">—</span>;
  return <span><Money amount={of.amount} currency={of.currency} /> <span className="dim"><Money amount={mean} currency={of.currency} />, n {formatCount(of.n)}</span></span>;
}

function Figures({ of }: { of: TableGroup["metrics"][number] }) {
  if (!of) return <span className="dim">—</span>;
  return <span>{formatNumber(of.mean)} <span className="dim">{formatNumber(of.min)} to {formatNumber(of.max)}, n {formatCount(of.n)}</span></span>;
}
