import { Skeleton } from "@mantine/core";
import { TableSkeleton } from "../../table/table-skeleton.tsx";
import { FilterBar } from "../../ui/filters.tsx";
import { PeopleFrame } from "./people-frame.tsx";

const COLUMNS = [
  { key: "name", title: "Name", width: 200 },
  { key: "email", title: "E-mail", width: 240, hideBelow: "md" as const },
  { key: "roles", title: "Roles" },
  { key: "seen", title: "Last sign-in", width: 120, align: "right" as const, hideBelow: "sm" as const },
];

export function PeopleSkeleton() {
  return (
    <PeopleFrame actions={<Skeleton width={64} height={32} />}>
      <FilterBar><Skeleton width={280} height={32} /></FilterBar>
      <TableSkeleton columns={COLUMNS} rows={8} />
    </PeopleFrame>
  );
}

/** The other tabs: the frame, and rows under these heads. */
export function TableFrameSkeleton({ titles }: { titles: string[] }) {
  return (
    <PeopleFrame actions={<Skeleton width={84} height={32} />}>
      <TableSkeleton columns={titles.map((title, at) => ({ key: title, title, hideBelow: at > 0 ? ("sm" as const) : undefined }))} rows={5} />
    </PeopleFrame>
  );
}
