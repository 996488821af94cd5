"use client";
import { Button, Checkbox } from "@mantine/core";
import Link from "next/link";
import { useRef } from "react";
import { formatCount, plural } from "../../domain/shared/format.ts";
import { LoadMore, type More } from "../ui/load-more.tsx";
import { useRowKeys } from "./use-row-keys.ts";
import classes from "./data-table.module.css";

/** Widths of the table (not the window) below which a column goes: 440, 620, 820, 1040, 1240 px. */
export type HideBelow = "xs" | "sm" | "md" | "lg" | "xl";

export interface Column<T> {
  key: string;
  title: React.ReactNode;
  /** Shown beside the title, so that no cell's unit is guessed. */
  unit?: string;
  render: (row: T, index: number) => React.ReactNode;
  align?: "left" | "right";
  /** CSS width; columns without one share what is left by content. */
  width?: number | string;
  /** Takes the free width and cuts what does not fit. For one column. */
  grow?: boolean;
  hideBelow?: HideBelow;
  /** The column that holds the row's link; the first one unless another says so. */
  link?: boolean;
  sortable?: boolean;
}

export interface Sort {
  key: string;
  direction: "asc" | "desc";
}

export interface DataTableProps<T> {
  /** Accessible name: "Runs". */
  label: string;
  rows: readonly T[];
  rowKey: (row: T) => string;
  columns: readonly Column<T>[];
  /** Where Enter and the row's link go. */
  href?: (row: T) => string;
  /** All rows that match, for "50 of 1,234". */
  total?: number | null;
  more?: More;
  sort?: Sort | null;
  onSort?: (key: string) => void;
  selected?: readonly string[];
  onSelect?: (keys: string[]) => void;
  /** Buttons of the bar that opens while rows are selected. */
  bulkActions?: React.ReactNode;
  onPeek?: (row: T) => void;
  empty: React.ReactNode;
  /** "12 new runs": shown above the rows; they move only when it is pressed. */
  notice?: { text: string; onShow: () => void } | null;
  /** j, k, x, Space for the page. Off where a page has several tables. */
  keys?: boolean;
  /** Header does not stick and no footer: for short tables inside a section. */
  flat?: boolean;
  noun?: Noun;
}

/** What the rows are: "run", or its two forms where the second is not the first with an s. */
export type Noun = string | readonly [one: string, many: string];
export const words = (noun: Noun): readonly [string, string] => (typeof noun === "string" ? [noun, `${noun}s`] : noun);

/** The one table: 34 px rows, sticky header, link in the row, keyboard, "N of M", load more. Columns drop where it is narrow. */
export function DataTable<T>(props: DataTableProps<T>) {
  const { label, rows, rowKey, columns, selected, onSelect, keys = true, flat, notice } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const toggle = (key: string) => onSelect?.(selected?.includes(key) ? selected.filter((other) => other !== key) : [...(selected ?? []), key]);
  useRowKeys(body, {
    enabled: keys && rows.length > 0,
    onSelect: onSelect ? (index) => rows[index] && toggle(rowKey(rows[index])) : undefined,
    onPeek: props.onPeek ? (index) => rows[index] && props.onPeek?.(rows[index]) : undefined,
  });
  const linkAt = Math.max(0, columns.findIndex((column) => column.link));
  return (
    <div className={classes.wrap}>
      {notice && <button type="button" className={classes.notice} onClick={notice.onShow}>{notice.text}</button>}
      <table className={classes.table} aria-label={label} data-flat={flat || undefined}>
        <Head {...props} />
        <tbody ref={body}>
          {rows.map((row, index) => {
            const key = rowKey(row);
            const isSelected = selected?.includes(key);
            return (
              <tr key={key} className={classes.row} data-selected={isSelected || undefined} data-row={index}>
                {onSelect && (
                  <td className={classes.check}>
                    <Checkbox size="xs" checked={isSelected ?? false} onChange={() => toggle(key)} aria-label="Select row" />
                  </td>
                )}
                {columns.map((column, at) => (
                  <td key={column.key} data-align={column.align} data-hide={column.hideBelow} data-grow={column.grow || undefined}>
                    {props.href && at === linkAt ? <Link href={props.href(row)} className={classes.link} data-row-link>{column.render(row, index)}</Link> : column.render(row, index)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {rows.length === 0 && <div className={classes.empty}>{props.empty}</div>}
      {!flat && <Foot {...props} />}
      {onSelect && selected && selected.length > 0 && (
        <div className={classes.bulk} role="toolbar" aria-label="Selected rows">
          <span>{formatCount(selected.length)} selected</span>
          {props.bulkActions}
          <Button variant="subtle" color="gray" onClick={() => onSelect([])}>Clear</Button>
        </div>
      )}
    </div>
  );
}

function Head<T>({ columns, sort, onSort, rows, rowKey, selected, onSelect }: DataTableProps<T>) {
  const all = rows.length > 0 && selected?.length === rows.length;
  return (
    <thead>
      <tr>
        {onSelect && (
          <th className={classes.check}>
            <Checkbox size="xs" checked={all} indeterminate={!all && (selected?.length ?? 0) > 0} onChange={() => onSelect(all ? [] : rows.map(rowKey))} aria-label="Select all rows" />
          </th>
        )}
        {columns.map((column) => {
          const sorted = sort?.key === column.key ? sort.direction : undefined;
          const title = <>{column.title}{column.unit && <span className={classes.unit}> {column.unit}</span>}</>;
          return (
            <th key={column.key} scope="col" style={column.width ? { width: column.width } : undefined} data-align={column.align} data-hide={column.hideBelow} data-grow={column.grow || undefined} aria-sort={sorted ? (sorted === "asc" ? "ascending" : "descending") : undefined}>
              {column.sortable && onSort ? (
                <button type="button" className={classes.sort} onClick={() => onSort(column.key)}>{title}<span aria-hidden="true">{sorted ? (sorted === "asc" ? "↑" : "↓") : ""}</span></button>
              ) : title}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function Foot<T>({ rows, total, more, noun = "row" }: DataTableProps<T>) {
  if (rows.length === 0) return null;
  const [one, many] = words(noun);
  const all = Math.max(total ?? rows.length, rows.length);
  const count = more?.hasMore && (total === undefined || total === null) ? `First ${plural(rows.length, one, many)}` : all > rows.length ? `${formatCount(rows.length)} of ${plural(all, one, many)}` : plural(all, one, many);
  return (
    <div className={classes.foot}>
      <span>{count}</span>
      {more && <LoadMore more={more} />}
    </div>
  );
}
