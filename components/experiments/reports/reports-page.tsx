"use client";
import { Button, Skeleton } from "@mantine/core";
import { IconNotes, IconPlus } from "@tabler/icons-react";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import type { ReportRow } from "../../../domain/experiments/report-view.ts";
import { formatCount } from "../../../domain/shared/format.ts";
import { paths } from "../../../paths.ts";
import { BY_CURSOR, moreOf } from "../../access/pages.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan, useOrg } from "../../providers/viewer.tsx";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { TableSkeleton } from "../../table/table-skeleton.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Chip, FilterBar, FilterText } from "../../ui/filters.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { Name } from "../../ui/id.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { Ago } from "../../ui/time.tsx";
import { reportsInput, reportsParams } from "./reports-params.ts";

const COLUMNS: Column<ReportRow>[] = [
  { key: "title", title: "Title", grow: true, link: true, render: (row) => <Name value={row.title} max={64} /> },
  { key: "project", title: "Project", hideBelow: "sm", render: (row) => <Name value={row.project.name} max={24} /> },
  { key: "version", title: "Version", align: "right", hideBelow: "md", render: (row) => row.version },
  { key: "comments", title: "Comments", align: "right", hideBelow: "sm", render: (row) => (row.comments > 0 ? formatCount(row.comments) : <span className="dim">—</span>) },
  { key: "by", title: "Written by", hideBelow: "md", render: (row) => <Name value={row.createdByName} max={24} /> },
  { key: "changed", title: "Changed", align: "right", hideBelow: "xs", render: (row) => <Ago at={row.updatedAt} /> },
];

/** What was found out, in words with live charts; the newest report first. */
export function ReportsPage() {
  const trpc = useTRPC();
  const org = useOrg();
  const [params, setParams] = useQueryStates(reportsParams);
  const query = useSuspenseInfiniteQuery(trpc.reports.list.infiniteQueryOptions(reportsInput(params), BY_CURSOR));
  const rows = query.data.pages.flatMap((page) => page.items);
  const total = query.data.pages[0]!.total;
  const clear = () => void setParams({ q: null, archived: null });
  return (
    <>
      <PageHeader title="Reports" count={total} breadcrumbs={[]} actions={<NewReport />} />
      <FilterBar>
        <FilterText value={params.q} onChange={(q) => void setParams({ q: q || null })} placeholder="Part of a title" />
        <Chip on={params.archived} onToggle={() => void setParams({ archived: !params.archived || null })}>Archived</Chip>
      </FilterBar>
      <DataTable label="Reports" noun="report" rows={rows} rowKey={(row) => row.id} columns={COLUMNS} href={(row) => paths.report(org, row.id)} total={total} more={moreOf(query)} empty={<NoReports narrowed={params.q.trim() !== "" || params.archived} onClear={clear} />} />
    </>
  );
}

function NewReport() {
  const org = useOrg();
  return <Guarded allowed={useCan("reports:write")}><Button component={Link} href={paths.newReport(org)} leftSection={<IconPlus size={14} />}>New report</Button></Guarded>;
}

function NoReports({ narrowed, onClear }: { narrowed: boolean; onClear: () => void }) {
  if (narrowed) return <EmptyState title="No report matches" action={<Button variant="default" onClick={onClear}>Clear filters</Button>} />;
  return (
    <EmptyState title="Nobody has written a report" icon={<IconNotes size={28} stroke={1.5} />} action={<NewReport />}>
      A report is a page of Markdown in which charts and tables of runs stay live: what you asked, what you found, and the runs that show it.
    </EmptyState>
  );
}

export function ReportsSkeleton() {
  return (
    <>
      <PageHeader title="Reports" />
      <FilterBar><Skeleton width={280} height={32} /></FilterBar>
      <TableSkeleton columns={COLUMNS} rows={12} />
    </>
  );
}
