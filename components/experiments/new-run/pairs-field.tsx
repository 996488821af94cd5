"use client";
import { ActionIcon, Button, Input, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useField } from "./draft-context.tsx";
import { fromRows, type PairRow, toRows } from "./pair-rows.ts";
import type { FieldPath } from "./spec-document.ts";
import classes from "./new-run.module.css";

interface Props {
  path: FieldPath;
  label: string;
  description?: string;
  keyLabel: string;
  /** Numbers and yes/no stay what they are rather than become text. */
  typed?: boolean;
  keyPlaceholder: string;
  valuePlaceholder: string;
}

/** Names and values, a row each. A half-written row waits here until it has a name. */
export function PairsField({ path, label, description, keyLabel, typed = false, keyPlaceholder, valuePlaceholder }: Props) {
  const { name, value, error, disabled, onBlur, change } = useField<Record<string, unknown>>(path);
  const [rows, setRows] = useState<PairRow[]>(() => toRows(value));
  const written = useRef(JSON.stringify(value ?? {}));
  useEffect(() => {
    const now = JSON.stringify(value ?? {});
    if (now === written.current) return;
    written.current = now; // changed in the YAML
    setRows(toRows(value));
  }, [value]);
  function update(next: PairRow[]): void {
    setRows(next);
    const record = fromRows(next, typed);
    written.current = JSON.stringify(record ?? {});
    change(record);
  }
  const edit = (at: number, part: Partial<PairRow>) => update(rows.map((row, index) => (index === at ? { ...row, ...part } : row)));
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div">
      <div className={classes.pairs} data-path={name} tabIndex={-1}>
        {rows.map((row, at) => (
          <div key={row.id} className={classes.pair}>
            <TextInput aria-label={`${keyLabel} ${at + 1}`} placeholder={keyPlaceholder} value={row.key} disabled={disabled} onBlur={onBlur} onChange={(event) => edit(at, { key: event.currentTarget.value })} error={rows.some((other, index) => index < at && other.key === row.key && row.key !== "")} />
            <TextInput aria-label={`Value of ${row.key || `${keyLabel.toLowerCase()} ${at + 1}`}`} placeholder={valuePlaceholder} value={row.value} disabled={disabled} onBlur={onBlur} onChange={(event) => edit(at, { value: event.currentTarget.value, kept: undefined })} />
            <ActionIcon aria-label={`Remove ${row.key || `row ${at + 1}`}`} onClick={() => update(rows.filter((_, index) => index !== at))}><IconX size={14} /></ActionIcon>
          </div>
        ))}
        <Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={14} />} disabled={disabled} onClick={() => setRows([...rows, { id: nextId(rows), key: "", value: "" }])} style={{ justifySelf: "start" }}>Add {keyLabel.toLowerCase()}</Button>
      </div>
    </Input.Wrapper>
  );
}

const nextId = (rows: PairRow[]) => rows.reduce((most, row) => Math.max(most, row.id), 0) + 1;
