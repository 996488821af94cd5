"use client";
import { Button } from "@mantine/core";
import { IconChartLine } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { namedColumn, printColumns, type TableColumn } from "../../../domain/experiments/table-columns.ts";
import { LateSelect } from "../../form/late-select.tsx";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { DownloadMenu } from "../../ui/download-menu.tsx";
import { Chip } from "../../ui/filters.tsx";
import { compareAllPath } from "../compare/set-params.ts";
import { rawUrls } from "../raw-urls.ts";
import { runsParams, scopeOf, tableInput } from "../runs-params.ts";
import { ColumnPicker } from "./column-picker.tsx";
import { FilterBuilder } from "./filter-builder.tsx";
import classes from "./table.module.css";

const NONE = { metrics: [], params: [], tags: [], runs: 0 };

/** Filter in the grammar, groups, columns, export; what it is sorted by, as chips. */
export function TableTools({ columns, onColumns }: { columns: readonly TableColumn[]; onColumns: (next: TableColumn[]) => void }) {
  const trpc = useTRPC();
  const org = useOrg();
  const [params, setParams] = useQueryStates(runsParams);
  const { data: keys = NONE } = useQuery(trpc.table.keys.queryOptions({ ...scopeOf(params.project) }));
  const groups = [
    { group: "Group by", items: ["experiment", "project", "status", "owner", "cluster"].map((value) => ({ value, label: value[0]!.toUpperCase() + value.slice(1) })) },
    { group: "Parameter", items: keys.params.slice(0, 200).map((key) => ({ value: `param:${key}`, label: key })) },
    { group: "Tag", items: keys.tags.slice(0, 200).map((key) => ({ value: `tag:${key}`, label: key })) },
  ].filter(({ items }) => items.length > 0);
  const { columns: _values, limit: _limit, ...set } = tableInput(params);
  return (
    <div className={classes.row} style={{ marginBottom: 10 }} role="group" aria-label="Table">
      <FilterBuilder value={params.f} keys={keys} onChange={(f) => void setParams({ f: f || null })} />
      <LateSelect aria-label="Group by" placeholder="No groups" data={groups} value={params.group || null} clearable clearButtonProps={{ "aria-label": "No groups" }} searchable onChange={(group) => void setParams({ group })} w={150} />
      {params.sort.map((one) => {
        const column = namedColumn(one.replace(/^-/, ""));
        return column && <Chip key={one} on onToggle={() => void setParams({ sort: params.sort.filter((other) => other !== one) })}>{one.startsWith("-") ? "↓" : "↑"} {column.title}</Chip>;
      })}
      <Chip on={params.archived} onToggle={() => void setParams({ archived: !params.archived || null })}>Archived</Chip>
      <span style={{ flex: 1 }} />
      {/* The columns with it: while Next catches up with an address, the one before is back for a moment, and the pin alone would be added to that. */}
      <ColumnPicker columns={columns} keys={keys} pinned={params.pin} onChange={onColumns} onPin={(pin) => void setParams({ cols: printColumns(columns), pin })} />
      <Button component={Link} variant="default" leftSection={<IconChartLine size={14} />} href={compareAllPath(org, params)} title="Charts of all runs that the table shows, in groups">Compare all</Button>
      <DownloadMenu urlOf={(format) => rawUrls.runsExport(org, format, { ...set, columns: printColumns(columns) })} />
    </div>
  );
}
