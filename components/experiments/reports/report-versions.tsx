"use client";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import type { ReportVersion } from "../../../domain/experiments/report-view.ts";
import { paths } from "../../../paths.ts";
import { BY_CURSOR, moreOf } from "../../access/pages.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Name } from "../../ui/id.tsx";
import { Ago } from "../../ui/time.tsx";
import { pagesInput } from "./reports-params.ts";

const COLUMNS: Column<ReportVersion>[] = [
  { key: "version", title: "Version", width: 96, link: true, render: (row) => row.version },
  { key: "title", title: "Title", grow: true, render: (row) => <Name value={row.title} max={64} /> },
  { key: "by", title: "Written by", hideBelow: "xs", render: (row) => <Name value={row.byName} max={24} /> },
  { key: "at", title: "Written", align: "right", render: (row) => <Ago at={row.at} /> },
];

/** Every version that was saved, the newest first: each can be read and restored. */
export function ReportVersions({ id }: { id: string }) {
  const trpc = useTRPC();
  const org = useOrg();
  const query = useSuspenseInfiniteQuery(trpc.reports.versions.infiniteQueryOptions(pagesInput(id), BY_CURSOR));
  const rows = query.data.pages.flatMap((page) => page.items);
  return <DataTable label="Versions" noun="version" rows={rows} rowKey={(row) => String(row.version)} columns={COLUMNS} href={(row) => `${paths.report(org, id)}?version=${row.version}`} more={moreOf(query)} empty={<EmptyState title="No version yet" />} />;
}
