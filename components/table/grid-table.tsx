"use client";
import { Button, Checkbox } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import Link from "next/link";
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { clampWidth, COLUMN_WIDTHS, widthAfterKey } from "../../domain/shared/column-width.ts";
import { formatCount } from "../../domain/shared/format.ts";
import { LoadMore, type More } from "../ui/load-more.tsx";
import { useRowKeys } from "./use-row-keys.ts";
import { type Noun, words } from "./data-table.tsx";
import shared from "./data-table.module.css";
import classes from "./grid-table.module.css";

export interface GridColumn<T> {
  key: string;
  title: string;
  width: number;
  render: (row: T) => React.ReactNode;
  align?: "left" | "right";
  sortable?: boolean;
  /** Said of its title on hover. */
  tip?: string | undefined;
}

export interface GridTableProps<T> {
  label: string;
  noun: Noun;
  rows: readonly T[];
  rowKey: (row: T) => string;
  columns: readonly GridColumn<T>[];
  /** How many of the first columns stay while the others scroll. */
  pinned: number;
  href: (row: T) => string;
  linkColumn: string;
  /** "12,345", or "10,000+". */
  total: string | null;
  more: More;
  /** In the order of their weight: `name`, `-metric:loss`. */
  sorts: readonly string[];
  onSort: (key: string, more: boolean) => void;
  onResize: (key: string, width: number) => void;
  /** The column named first goes to the place of the second. */
  onMove: (key: string, to: string) => void;
  selected: readonly string[];
  onSelect: (keys: string[]) => void;
  bulkActions: React.ReactNode;
  onPeek: (row: T) => void;
  notice: { text: string; onShow: () => void } | null;
  empty: React.ReactNode;
  loading: boolean;
}

const ROW = 34;
const CHECK = 34;

/** "3 runs loaded", or "200 of 12,345 runs loaded". */
function loadedWords(count: number, total: string | null, noun: Noun): string {
  const shown = formatCount(count);
  const [one, many] = words(noun);
  return count === 0 ? "" : `${total === null || total === shown ? shown : `${shown} of ${total}`} ${(total ?? shown) === "1" ? one : many} loaded`;
}

/** A table of any width and length, as high as the column that it stands in lets it be: only the rows on screen exist, the first columns stay, heads are dragged, resized and sorted by. */
export function GridTable<T>(props: GridTableProps<T>) {
  const { rows, rowKey, columns, selected, onSelect, more } = props;
  const box = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 12, initialRect: { width: 1100, height: 640 } });
  const items = virtual.getVirtualItems();
  const toggle = (key: string) => onSelect(selected.includes(key) ? selected.filter((other) => other !== key) : [...selected, key]);
  useRowKeys(body, {
    enabled: rows.length > 0,
    onSelect: (index) => rows[index] && toggle(rowKey(rows[index])),
    onPeek: (index) => rows[index] && props.onPeek(rows[index]),
  });
  const lastShown = items.at(-1)?.index ?? 0;
  const { hasMore, loading, failed, load } = more;
  useEffect(() => {
    if (hasMore && !loading && !failed && rows.length > 0 && lastShown >= rows.length - 20) load();
  }, [hasMore, loading, failed, load, lastShown, rows.length]);
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const lefts = columns.map((_, at) => (at < props.pinned ? CHECK + columns.slice(0, at).reduce((sum, { width }) => sum + width, 0) : undefined));
  const width = CHECK + columns.reduce((sum, column) => sum + column.width, 0);
  return (
    <div className={classes.wrap} data-fills>
      {props.notice && <button type="button" className={shared.notice} onClick={props.notice.onShow}>{props.notice.text}</button>}
      <div ref={box} className={classes.box} data-empty={rows.length === 0 || undefined} tabIndex={rows.length === 0 ? undefined : 0} role="region" aria-label={`${props.label}, scrolls`}>
        <table className={classes.table} aria-label={props.label} aria-rowcount={rows.length} aria-busy={props.loading || undefined} style={{ width }}>
          <colgroup><col style={{ width: CHECK }} />{columns.map((column) => <col key={column.key} style={{ width: column.width }} />)}</colgroup>
          <Head {...props} lefts={lefts} />
          <tbody ref={body}>
            {before > 0 && <tr aria-hidden="true"><td style={{ height: before, padding: 0, border: 0 }} /></tr>}
            {items.map(({ index }) => {
              const row = rows[index]!;
              const key = rowKey(row);
              const isSelected = selected.includes(key);
              return (
                <tr key={key} className={classes.row} data-row={index} data-selected={isSelected || undefined} aria-rowindex={index + 1}>
                  <td className={classes.check} data-pinned style={{ left: 0 }}><Checkbox size="xs" checked={isSelected} onChange={() => toggle(key)} aria-label="Select row" /></td>
                  {columns.map((column, at) => (
                    <td key={column.key} data-align={column.align} data-pinned={lefts[at] === undefined ? undefined : ""} data-edge={at === props.pinned - 1 || undefined} style={{ left: lefts[at] }}>
                      {column.key === props.linkColumn ? <Link href={props.href(row)} className={shared.link} data-row-link>{column.render(row)}</Link> : column.render(row)}
                    </td>
                  ))}
                </tr>
              );
            })}
            {after > 0 && <tr aria-hidden="true"><td style={{ height: after, padding: 0, border: 0 }} /></tr>}
          </tbody>
        </table>
        {rows.length === 0 && !props.loading && <div className={classes.empty}>{props.empty}</div>}
      </div>
      <div className={shared.foot}>
        <span role="status">{props.loading ? "Loading …" : loadedWords(rows.length, props.total, props.noun)}</span>
        <LoadMore more={more} />
      </div>
      {selected.length > 0 && (
        <div className={shared.bulk} role="toolbar" aria-label="Selected rows">
          <span>{formatCount(selected.length)} selected</span>
          {props.bulkActions}
          <Button variant="subtle" color="gray" onClick={() => onSelect([])}>Clear</Button>
        </div>
      )}
    </div>
  );
}

const DRAGGED = "application/x-drover-column";

function Head<T>({ columns, lefts, sorts, pinned, onSort, onMove, onResize, rows, rowKey, selected, onSelect }: GridTableProps<T> & { lefts: (number | undefined)[] }) {
  const [over, setOver] = useState<string | null>(null);
  const all = rows.length > 0 && selected.length === rows.length;
  return (
    <thead>
      <tr>
        <th className={classes.check} data-pinned style={{ left: 0 }}><Checkbox size="xs" checked={all} indeterminate={!all && selected.length > 0} onChange={() => onSelect(all ? [] : rows.map(rowKey))} aria-label="Select all loaded rows" /></th>
        {columns.map((column, at) => {
          const place = sorts.findIndex((one) => one === column.key || one === `-${column.key}`);
          const down = place >= 0 && sorts[place]!.startsWith("-");
          return (
            <th
              key={column.key} scope="col" data-align={column.align} data-pinned={lefts[at] === undefined ? undefined : ""} data-edge={at === pinned - 1 || undefined} data-over={over === column.key || undefined} style={{ left: lefts[at] }}
              aria-sort={place < 0 ? undefined : down ? "descending" : "ascending"}
              draggable
              onDragStart={(event) => event.dataTransfer.setData(DRAGGED, column.key)}
              onDragOver={(event) => {
                if (!event.dataTransfer.types.includes(DRAGGED)) return;
                event.preventDefault();
                setOver(column.key);
              }}
              onDragLeave={() => setOver(null)}
              onDrop={(event) => {
                setOver(null);
                const from = event.dataTransfer.getData(DRAGGED);
                if (from && from !== column.key) onMove(from, column.key);
              }}
            >
              {column.sortable ? (
                <button type="button" className={shared.sort} title={`${column.tip ?? column.title}. Shift-press to sort by it too`} onClick={(event) => onSort(column.key, event.shiftKey)}>
                  <span className="cut">{column.title}</span>
                  {place >= 0 && <span aria-hidden="true">{`${down ? "↓" : "↑"}${sorts.length > 1 ? place + 1 : ""}`}</span>}
                </button>
              ) : <span className="cut" title={column.title}>{column.title}</span>}
              <Grip width={column.width} label={column.title} onResize={(width) => onResize(column.key, width)} />
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

/** The edge of a head: drag it, or tab to it and use the arrow keys, Home and End. */
function Grip({ width, label, onResize }: { width: number; label: string; onResize: (width: number) => void }) {
  const from = useRef<{ x: number; width: number } | null>(null);
  const end = (event: PointerEvent) => {
    if (from.current) onResize(clampWidth(from.current.width + event.clientX - from.current.x));
    from.current = null;
  };
  return (
    <span
      role="separator" aria-orientation="vertical" aria-label={`Width of ${label}`} aria-valuenow={width} aria-valuemin={COLUMN_WIDTHS.min} aria-valuemax={COLUMN_WIDTHS.max} tabIndex={0} className={classes.grip} draggable={false}
      onPointerDown={(event) => {
        event.preventDefault(); // selects no text; nor does it then focus by itself
        event.currentTarget.focus({ preventScroll: true });
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, width };
      }}
      onPointerUp={end}
      onDragStart={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        const next = event.altKey || event.ctrlKey || event.metaKey ? null : widthAfterKey(width, event.key);
        if (next === null) return;
        event.preventDefault(); // the table would scroll
        onResize(next);
      }}
    />
  );
}
