"use client";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { useState } from "react";
import { plural } from "../../../domain/shared/format.ts";
import { paths } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { DataTable } from "../../table/data-table.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { isNarrowed, runFilterOf, runsParams, scopeOf } from "../runs-params.ts";
import { BulkCancel } from "./bulk-cancel.tsx";
import { CompareButton } from "./compare-button.tsx";
import { RUN_COLUMNS } from "./run-columns.tsx";
import { RunPeek } from "./run-peek.tsx";
import { NewRunButton, RunsEmpty } from "./runs-empty.tsx";
import { RunsFilters } from "./runs-filters.tsx";
import { useRuns } from "./use-runs.ts";

/** The list of runs: filters in the URL, newest first, more by cursor. */
export function RunsPage() {
  const trpc = useTRPC();
  const org = useOrg();
  const [{ peek, ...params }, setParams] = useQueryStates(runsParams);
  const counts = useSuspenseQuery(trpc.experiments.counts.queryOptions(scopeOf(params.project))).data;
  const { rows, fresh, showFresh, hasMore, loadingMore, loadMore } = useRuns(runFilterOf(params));
  const [selected, setSelected] = useState<string[]>([]);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const matching = params.q || params.owner || params.experiment ? null : params.status.length > 0 ? params.status.reduce((sum, status) => sum + counts[status], 0) : total;
  const chosen = rows.filter((run) => selected.includes(run.id));
  const clear = () => void setParams({ q: null, status: null, owner: null, experiment: null });
  return (
    <>
      <PageHeader title="Runs" count={total} actions={<NewRunButton />} breadcrumbs={[]} />
      <RunsFilters />
      <DataTable
        label="Runs"
        noun="runs"
        rows={rows}
        rowKey={(run) => run.id}
        columns={RUN_COLUMNS}
        href={(run) => paths.run(org, run.id)}
        total={matching}
        more={{ hasMore, loading: loadingMore, load: loadMore }}
        selected={chosen.map((run) => run.id)}
        onSelect={setSelected}
        bulkActions={<><CompareButton ids={selected} /><BulkCancel runs={chosen} onDone={() => setSelected([])} /></>}
        onPeek={(run) => void setParams({ peek: run.id })}
        notice={fresh > 0 ? { text: `${plural(fresh, "new run")}. Show`, onShow: showFresh } : null}
        empty={<RunsEmpty narrowed={isNarrowed(params)} onClear={clear} />}
      />
      <RunPeek id={peek} onClose={() => void setParams({ peek: null })} />
    </>
  );
}
