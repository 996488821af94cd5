import { Skeleton } from "@mantine/core";
import { DEFAULT_COLUMNS, parseColumn } from "../../../domain/experiments/table-columns.ts";
import { TableSkeleton } from "../../table/table-skeleton.tsx";
import { FilterBar } from "../../ui/filters.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import classes from "./table.module.css";

/** What a telephone shows too. */
const NARROW = new Set(["status", "name"]);
const COLUMNS = DEFAULT_COLUMNS.flatMap((name) => {
  const column = parseColumn(name);
  return column ? [{ key: name, title: column.title, width: column.width, grow: name === "name", ...(NARROW.has(name) ? {} : { hideBelow: "md" as const }) }] : [];
});

/** The list's frame while its rows are on their way. */
export function RunsSkeleton() {
  return (
    <>
      <PageHeader title="Runs" actions={<Skeleton width={84} height={32} />} />
      <FilterBar><Skeleton width={280} height={32} /><Skeleton width={420} height={28} /></FilterBar>
      <div className={classes.row} style={{ marginBottom: 10 }}><Skeleton width={92} height={32} /><Skeleton width={150} height={32} /><span style={{ flex: 1 }} /><Skeleton width={180} height={32} /></div>
      <TableSkeleton columns={COLUMNS} rows={16} selectable />
    </>
  );
}
