import { Skeleton } from "@mantine/core";
import { TableSkeleton } from "../../table/data-table.tsx";
import { FilterBar } from "../../ui/filters.tsx";
import { PageHeader } from "../../ui/page-header.tsx";

const COLUMNS = [
  { key: "status", title: "Status", width: 112 },
  { key: "name", title: "Name", grow: true },
  { key: "metrics", title: "Last metrics", hideBelow: "md" as const },
  { key: "duration", title: "Duration", align: "right" as const, hideBelow: "xs" as const },
  { key: "cluster", title: "Cluster", hideBelow: "md" as const },
  { key: "created", title: "Submitted", align: "right" as const, hideBelow: "sm" as const },
];

/** The list's frame while its rows are on their way. */
export function RunsSkeleton() {
  return (
    <>
      <PageHeader title="Runs" actions={<Skeleton width={84} height={32} />} />
      <FilterBar><Skeleton width={280} height={32} /><Skeleton width={420} height={28} /></FilterBar>
      <TableSkeleton columns={COLUMNS} rows={16} selectable />
    </>
  );
}
