"use client";
import { Button } from "@mantine/core";
import { IconDatabase } from "@tabler/icons-react";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import type { DatasetView } from "../../domain/models/model-view.ts";
import { paths } from "../../paths.ts";
import { BY_CURSOR, moreOf } from "../access/pages.ts";
import { useTRPC } from "../providers/api.tsx";
import { useOrg } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { FilterBar, FilterText } from "../ui/filters.tsx";
import { Id, Name } from "../ui/id.tsx";
import { Ago } from "../ui/time.tsx";
import classes from "./models.module.css";
import { ModelsFrame } from "./models-page.tsx";
import { listInput, modelsParams } from "./models-params.ts";

/** What runs said they read: name, digest, and where it is used. */
export function DatasetsPage() {
  const trpc = useTRPC();
  const [params, setParams] = useQueryStates(modelsParams);
  const query = useSuspenseInfiniteQuery(trpc.models.datasets.infiniteQueryOptions(listInput(params), BY_CURSOR));
  const rows = query.data.pages.flatMap((page) => page.items);
  const columns: Column<DatasetView>[] = [
    { key: "name", title: "Name", grow: true, render: (row) => <Name value={row.name} max={48} /> },
    { key: "digest", title: "Digest", render: (row) => <Id value={row.digest} max={14} label="Copy digest" /> },
    { key: "used", title: "Used by", hideBelow: "sm", render: (row) => <UsedBy row={row} /> },
    { key: "source", title: "Source", hideBelow: "lg", render: (row) => <span title={row.source}>{row.sourceType}</span> },
    { key: "project", title: "Project", hideBelow: "md", render: (row) => <Name value={row.project.name} max={24} /> },
    { key: "at", title: "First seen", align: "right", hideBelow: "xs", render: (row) => <Ago at={row.createdAt} /> },
  ];
  const narrowed = params.q.trim() !== "";
  const empty = narrowed ? (
    <EmptyState title="No data set matches" action={<Button variant="default" onClick={() => void setParams({ q: null })}>Clear filters</Button>} />
  ) : (
    <EmptyState title="No run named its data" icon={<IconDatabase size={28} stroke={1.5} />} plain command={'mlflow.log_input(mlflow.data.from_pandas(frame, name="digits"), context="training")'}>
      Data sets show up here with their digest once a run logs what it read, and with every run that read the same.
    </EmptyState>
  );
  return (
    <ModelsFrame>
      <FilterBar><FilterText value={params.q} onChange={(q) => void setParams({ q: q || null })} placeholder="Part of a name, or a digest" /></FilterBar>
      <DataTable label="Data sets" noun="data set" rows={rows} rowKey={(row) => row.id} columns={columns} more={moreOf(query)} empty={empty} />
    </ModelsFrame>
  );
}

function UsedBy({ row }: { row: DatasetView }) {
  const org = useOrg();
  const others = row.runCount - row.runs.length;
  if (row.runs.length === 0) return <span className="dim">—</span>;
  return (
    <span>
      {row.runs.map((run, at) => <span key={run.id}>{at > 0 && ", "}<Link className={classes.link} href={paths.run(org, run.id)}><Name value={run.name} max={22} /></Link></span>)}
      {others > 0 && <span className="dim"> and {others} more</span>}
    </span>
  );
}
