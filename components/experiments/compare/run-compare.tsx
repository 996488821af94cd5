"use client";
import { Button } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { paths } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { DataTable } from "../../table/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import { RUN_COLUMNS } from "../list/run-columns.tsx";

const SIBLINGS = 50;

/** This run against others of its experiment: choose them, or take the newest. */
export function RunCompare({ id }: { id: string }) {
  const trpc = useTRPC();
  const org = useOrg();
  const run = useSuspenseQuery(trpc.experiments.get.queryOptions({ id })).data;
  const siblings = useQuery(trpc.experiments.list.queryOptions({ project: run.project.slug, experimentId: run.experiment.id, limit: SIBLINGS }));
  const [selected, setSelected] = useState<string[]>([]);
  if (siblings.error) return <ErrorBox what="The runs of this experiment could not be loaded" error={siblings.error} retry={() => void siblings.refetch()} />;
  const rows = (siblings.data?.items ?? []).filter((one) => one.id !== id);
  const compare = (ids: string[]) => `${paths.compare(org, [id, ...ids])}&base=${id}`;
  return (
    <>
      <div style={{ display: "flex", flexWrap: "wrap", gap: 8, alignItems: "center", minHeight: 32, marginBottom: 12 }}>
        {rows.length > 0 && (
          <Button component={Link} href={compare(selected.length > 0 ? selected : rows.slice(0, 9).map((one) => one.id))}>
            {selected.length > 0 ? `Compare with ${selected.length} chosen` : `Compare with the newest ${Math.min(9, rows.length)}`}
          </Button>
        )}
        <span className="dim">This run is the baseline. The newest {SIBLINGS} runs of {run.experiment.name}:</span>
      </div>
      <DataTable
        label={`Other runs of ${run.experiment.name}`} noun="run" rows={rows} rowKey={(one) => one.id} columns={RUN_COLUMNS} href={(one) => paths.run(org, one.id)}
        selected={selected} onSelect={setSelected}
        empty={siblings.data ? <EmptyState title="No other run in this experiment">Runs that name the experiment {run.experiment.name} show up here to be compared with.</EmptyState> : <div style={{ minHeight: 160 }} aria-busy="true" />}
      />
    </>
  );
}
