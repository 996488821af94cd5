import { TableSkeleton } from "../table/table-skeleton.tsx";
import { PageHeader } from "../ui/page-header.tsx";

const COLUMNS = [
  { key: "position", title: "#", width: 40, align: "right" as const },
  { key: "name", title: "Run", width: 240 },
  { key: "why", title: "Why it waits", grow: true },
  { key: "start", title: "May start", align: "right" as const },
  { key: "owner", title: "Owner", hideBelow: "lg" as const },
];

/** The queue's frame while its rows are on their way. */
export function QueueSkeleton() {
  return (
    <>
      <PageHeader title="Queue" subtitle="One queue over all clusters, in the order in which runs start." />
      <TableSkeleton columns={COLUMNS} rows={12} selectable />
    </>
  );
}
