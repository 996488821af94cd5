"use client";
import { ActionIcon, Button, Checkbox, NumberInput, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { ATTRIBUTE_COLUMNS, DEFAULT_COLUMNS, MAX_COLUMNS, moveColumn, namedColumn, parseColumns, seenColumns, type TableColumn, typedColumns } from "../../../domain/experiments/table-columns.ts";
import type { TableKeysFound } from "../../../domain/experiments/table-view.ts";
import { useCan } from "../../providers/viewer.tsx";
import classes from "./table.module.css";

const SHOWN = 60;

/** Which columns, in which order: those there are first, with arrows; then everything that the newest runs have, and any name that is typed. */
export function ColumnForm({ columns, keys, pinned, onChange, onPin }: { columns: readonly TableColumn[]; keys: TableKeysFound; pinned: number; onChange: (columns: TableColumn[]) => void; onPin: (pinned: number) => void }) {
  const [text, setText] = useState("");
  const seesCosts = useCan("costs:read").ok;
  const full = columns.length >= MAX_COLUMNS;
  const on = new Set(columns.map(({ name }) => name));
  const all = [
    ...Object.keys(ATTRIBUTE_COLUMNS).filter((name) => seesCosts || name !== "cost"),
    ...keys.metrics.flatMap((key) => [`metric:${key}`, `metric.min:${key}`, `metric.max:${key}`]),
    ...keys.params.map((key) => `param:${key}`),
    ...keys.tags.map((key) => `tag:${key}`),
  ];
  const matching = all.filter((name) => !on.has(name) && name.toLowerCase().includes(text.trim().toLowerCase()));
  const typed = typedColumns(text, new Set([...all, ...on]));
  const toggle = (name: string) => onChange(on.has(name) ? columns.filter((column) => column.name !== name) : [...columns, namedColumn(name)!]);
  return (
    <>
      <div className={classes.row}>
        <NumberInput aria-label="Columns that stay in place" prefix="Pin first " min={0} max={6} value={pinned} onChange={(next) => onPin(Number(next) || 0)} w={120} />
        <span style={{ flex: 1 }} />
        <Button variant="subtle" color="gray" onClick={() => onChange(seenColumns(parseColumns(DEFAULT_COLUMNS), seesCosts))}>Usual</Button>
      </div>
      <ul className={classes.picker} aria-label="Shown columns">
        {columns.map((column, at) => (
          <li key={column.name}>
            <Checkbox checked disabled={column.name === "name"} onChange={() => toggle(column.name)} aria-label={`Show ${column.title}`} />
            <span className={classes.pickerName} title={column.name}>{labelOf(column.name)}</span>
            <ActionIcon size={22} aria-label={`Move ${column.title} to the left`} disabled={at === 0} onClick={() => onChange(moveColumn(columns, column.name, at - 1))}><IconArrowUp size={12} /></ActionIcon>
            <ActionIcon size={22} aria-label={`Move ${column.title} to the right`} disabled={at === columns.length - 1} onClick={() => onChange(moveColumn(columns, column.name, at + 1))}><IconArrowDown size={12} /></ActionIcon>
          </li>
        ))}
      </ul>
      <TextInput aria-label="Find a column" placeholder="Metric, parameter, tag …" leftSection={<IconSearch size={14} />} value={text} onChange={(event) => setText(event.currentTarget.value)} mt="xs" data-autofocus />
      <MoreColumns label="More columns" names={matching.slice(0, SHOWN)} full={full} onAdd={toggle} />
      <div className={classes.pickerHead}>{matching.length > SHOWN ? `${SHOWN} of ${matching.length}: type to find others. ` : ""}Names of the newest {keys.runs} runs; type a whole name for what only older ones have.</div>
      {typed.length > 0 && (
        <>
          <div className={classes.pickerHead}>As typed:</div>
          <MoreColumns label="Columns as typed" names={typed} full={full} onAdd={toggle} />
        </>
      )}
    </>
  );
}

function MoreColumns({ label, names, full, onAdd }: { label: string; names: readonly string[]; full: boolean; onAdd: (name: string) => void }) {
  return (
    <ul className={classes.picker} aria-label={label}>
      {names.map((name) => (
        <li key={name}>
          <Checkbox checked={false} disabled={full} onChange={() => onAdd(name)} aria-label={`Show ${labelOf(name)}`} />
          <span className={classes.pickerName} title={name}>{labelOf(name)}</span>
        </li>
      ))}
    </ul>
  );
}

const KINDS: Record<string, string> = { metric: "metric, last", "metric.min": "metric, least", "metric.max": "metric, greatest", param: "parameter", tag: "tag" };

function labelOf(name: string): string {
  const column = namedColumn(name);
  if (!column || column.attribute) return column?.title ?? name;
  return `${column.value!.key} · ${KINDS[name.slice(0, name.indexOf(":"))]}`;
}
