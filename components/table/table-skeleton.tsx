"use client"; // its columns come from client modules, which a server component may hand on but not read
import { Skeleton } from "@mantine/core";
import type { Column } from "./data-table.tsx";
import classes from "./data-table.module.css";

const WIDTHS = ["62%", "84%", "48%", "71%", "56%"];

/** Same head, same rows' height: nothing jumps when the rows come. */
export function TableSkeleton<T>({ columns, rows = 12, selectable, flat }: { columns: readonly Pick<Column<T>, "key" | "title" | "unit" | "align" | "width" | "hideBelow" | "grow">[]; rows?: number; selectable?: boolean; flat?: boolean }) {
  return (
    <div className={classes.wrap} aria-busy="true" aria-label="Loading">
      <table className={classes.table} data-flat={flat || undefined}>
        <thead>
          <tr>
            {selectable && <th className={classes.check} />}
            {columns.map((column) => (
              <th key={column.key} data-align={column.align} data-hide={column.hideBelow} data-grow={column.grow || undefined} style={column.width ? { width: column.width } : undefined}>
                {column.title}{column.unit && <span className={classes.unit}> {column.unit}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: rows }, (_, row) => (
            <tr key={row}>
              {selectable && <td className={classes.check} />}
              {columns.map((column, at) => (
                <td key={column.key} data-hide={column.hideBelow} data-grow={column.grow || undefined}><Skeleton height={10} width={WIDTHS[(row + at) % WIDTHS.length]} /></td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {!flat && <div className={classes.foot} />}
    </div>
  );
}
