import { Skeleton } from "@mantine/core";
import { TableSkeleton } from "../../table/table-skeleton.tsx";
import { FilterBar } from "../../ui/filters.tsx";
import { PageHeader } from "../../ui/page-header.tsx";

const COLUMNS = [
  { key: "who", title: "Who", width: "clamp(96px, 14vw, 190px)" },
  { key: "action", title: "Did", width: "clamp(130px, 16vw, 220px)" },
  { key: "target", title: "To what", hideBelow: "sm" as const },
  { key: "when", title: "When", align: "right" as const, width: "clamp(70px, 8vw, 110px)" },
];

export function AuditSkeleton() {
  return (
    <>
      <PageHeader title="Audit" />
      <FilterBar><Skeleton width={280} height={32} /><Skeleton width={180} height={32} /><Skeleton width={210} height={32} /></FilterBar>
      <TableSkeleton columns={COLUMNS} rows={16} />
    </>
  );
}
