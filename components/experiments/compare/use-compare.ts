"use client";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { createContext, useCallback, useContext, useMemo } from "react";
import { strokeOf, type Stroke } from "../../../domain/experiments/compare/lines.ts";
import { type AskedValues, relayValues } from "../../../domain/experiments/compare/relay.ts";
import type { RunsOf } from "../../../domain/experiments/compare/group-inputs.ts";
import type { ComparedKeys, ComparedRun } from "../../../domain/experiments/compare/view.ts";
import type { TableKeysFound } from "../../../domain/experiments/table-view.ts";
import { columnOf } from "../../../domain/experiments/compare/workspace.ts";
import { interestingFirst } from "../../../domain/experiments/chart-model.ts";
import { useTRPC } from "../../providers/api.tsx";
import { askedOf } from "../../providers/kept.ts";
import { compareParams } from "./compare-params.ts";

/** Runs of the comparison that the viewer may see, and which of them are drawn. */
export interface Compared {
  /** Instead of single runs: all of these, in groups. */
  of?: RunsOf;
  runs: ComparedRun[];
  shown: ComparedRun[];
  ids: string[];
  strokeOfRun: (id: string) => Stroke;
  nameOf: (id: string) => string;
}

export const CompareContext = createContext<Compared | null>(null);

export function useCompared(): Compared {
  const compared = useContext(CompareContext);
  if (!compared) throw new Error("useCompared outside a comparison.");
  return compared;
}

export const useCompareState = () => useQueryStates(compareParams);

/** A run keeps its colour when another one is hidden: by its place among all. */
export function useComparedRuns(ids: string[]): Compared {
  const trpc = useTRPC();
  const [{ hide }] = useCompareState();
  const runs = useSuspenseQuery(trpc.compare.runs.queryOptions({ ids })).data;
  const places = useMemo(() => new Map(runs.map(({ id }, at) => [id, at])), [runs]);
  const shown = useMemo(() => runs.filter(({ id }) => !hide.includes(id)), [runs, hide]);
  const strokeOfRun = useCallback((id: string) => strokeOf(places.get(id.split(" ")[0]!) ?? -1), [places]);
  const nameOf = useCallback((id: string) => runs[places.get(id) ?? -1]?.name ?? id, [runs, places]);
  return useMemo(() => ({ runs, shown, ids: shown.map(({ id }) => id), strokeOfRun, nameOf }), [runs, shown, strokeOfRun, nameOf]);
}

/** Names of what the runs have; metrics with losses and scores first. */
export function useComparedKeys() {
  const trpc = useTRPC();
  const { of, runs } = useCompared();
  const ofRuns = trpc.compare.keys.queryOptions({ ids: runs.map(({ id }) => id) });
  const { data } = useSuspenseQuery(of ? ({ ...trpc.table.keys.queryOptions(scopeOf(of)), select: keysOf } as unknown as typeof ofRuns) : ofRuns);
  return useMemo(() => ({ ...data, metricKeys: interestingFirst(data.metrics.map(({ key }) => key)) }), [data]);
}

/** Where names to choose from are looked for: what the table of runs offers there. */
const scopeOf = (of: RunsOf) => ("ids" in of ? {} : { project: of.project, experimentId: of.experimentId });

/** Of all runs nobody counted which values they have: any parameter may part them. */
const keysOf = ({ metrics, params, tags, runs }: TableKeysFound): ComparedKeys => ({
  metrics: metrics.map((key) => ({ key, runs })), params: params.map((key) => ({ key, runs, distinct: 2 })), tags: tags.map((key) => ({ key, runs, distinct: 2 })), more: 0,
});

/** Columns of the shown runs, named as the URL names them. */
export function useColumns(names: readonly string[]) {
  const trpc = useTRPC();
  const { ids } = useCompared();
  const columns = names.flatMap((name) => {
    const column = columnOf(name);
    return column ? [column.kind === "metric" ? { ...column, kind: "metric" as const, of: "last" as const } : { ...column, kind: column.kind }] : [];
  });
  return useQuery({
    ...trpc.compare.values.queryOptions({ ids, columns }),
    enabled: ids.length > 0 && columns.length > 0,
    placeholderData: (values, query) => {
      const before = query && (askedOf(query.queryKey) as AskedValues | undefined);
      return values && before && relayValues(values, before, { ids, columns });
    },
  });
}
