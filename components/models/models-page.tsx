"use client";
import { Button, Skeleton } from "@mantine/core";
import { IconBox } from "@tabler/icons-react";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import type { ModelRowView } from "../../domain/models/model-view.ts";
import { paths } from "../../paths.ts";
import { BY_CURSOR, moreOf } from "../access/pages.ts";
import { useTRPC } from "../providers/api.tsx";
import { useOrg } from "../providers/viewer.tsx";
import { useTabs } from "../shell/use-tabs.ts";
import { type Column, DataTable } from "../table/data-table.tsx";
import { TableSkeleton } from "../table/table-skeleton.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { FilterBar, FilterText } from "../ui/filters.tsx";
import { Name } from "../ui/id.tsx";
import { PageHeader } from "../ui/page-header.tsx";
import { TabLinks } from "../ui/tab-links.tsx";
import { Ago } from "../ui/time.tsx";
import { Aliases, PromptMark } from "./marks.tsx";
import { listInput, modelsParams } from "./models-params.ts";

const COLUMNS: Column<ModelRowView>[] = [
  { key: "name", title: "Name", grow: true, link: true, render: (row) => <><Name value={row.name} max={56} />{row.isPrompt && <PromptMark />}</> },
  { key: "latest", title: "Latest version", align: "right", render: (row) => row.latestVersion ?? <span className="dim">—</span> },
  { key: "aliases", title: "Aliases", hideBelow: "sm", render: (row) => <Aliases aliases={row.aliases.slice(0, 4)} /> },
  { key: "project", title: "Project", hideBelow: "md", render: (row) => <Name value={row.project.name} max={24} /> },
  { key: "by", title: "Registered by", hideBelow: "lg", render: (row) => <Name value={row.createdBy} max={24} /> },
  { key: "changed", title: "Changed", align: "right", hideBelow: "xs", render: (row) => <Ago at={row.updatedAt} /> },
];

/** Title and tabs of the registry's lists. */
export function ModelsFrame({ count, children }: { count?: number; children: React.ReactNode }) {
  const tabs = useTabs(paths.models(useOrg()));
  return (
    <>
      <PageHeader title="Models" {...(count === undefined ? {} : { count })} breadcrumbs={[]} />
      <TabLinks label="Models" tabs={tabs} />
      {children}
    </>
  );
}

/** Registered models, the one that changed last first. */
export function ModelsPage() {
  const trpc = useTRPC();
  const org = useOrg();
  const [params, setParams] = useQueryStates(modelsParams);
  const query = useSuspenseInfiniteQuery(trpc.models.list.infiniteQueryOptions(listInput(params), BY_CURSOR));
  const rows = query.data.pages.flatMap((page) => page.items);
  const total = query.data.pages[0]!.total;
  return (
    <ModelsFrame count={total}>
      <FilterBar><FilterText value={params.q} onChange={(q) => void setParams({ q: q || null })} placeholder="Part of a name" /></FilterBar>
      <DataTable label="Models" noun="model" rows={rows} rowKey={(row) => row.id} columns={COLUMNS} href={(row) => paths.model(org, row.id)} total={total} more={moreOf(query)} empty={<NoModels narrowed={params.q.trim() !== ""} onClear={() => void setParams({ q: null })} />} />
    </ModelsFrame>
  );
}

function NoModels({ narrowed, onClear }: { narrowed: boolean; onClear: () => void }) {
  if (narrowed) return <EmptyState title="No model matches" action={<Button variant="default" onClick={onClear}>Clear filters</Button>} />;
  return (
    <EmptyState title="No model is registered" icon={<IconBox size={28} stroke={1.5} />} plain command={'mlflow.sklearn.log_model(model, name="model", registered_model_name="digits")'}>
      A registered model is a name with numbered versions, each with the run, data and code that made it. Register one from a script as below.
    </EmptyState>
  );
}

export function ModelsSkeleton() {
  return (
    <>
      <PageHeader title="Models" />
      <Skeleton width={220} height={34} mb={12} />
      <FilterBar><Skeleton width={280} height={32} /></FilterBar>
      <TableSkeleton columns={COLUMNS} rows={12} />
    </>
  );
}
