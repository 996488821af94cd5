"use client";
import { ActionIcon, Autocomplete, Button, SegmentedControl, Select, Textarea } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { ATTRIBUTES, type Comparison, type Entity, type Group, isGroup } from "../../../domain/experiments/filter/ast.ts";
import { addAt, comparisonOf, formOf, isMoment, operatorsOf, type Operator, type Path, readFilter, replaceAt, writeFilter } from "../../../domain/experiments/filter/edit.ts";
import { printFilter } from "../../../domain/experiments/filter/print.ts";
import type { TableKeysFound } from "../../../domain/experiments/table-view.ts";
import { useCan } from "../../providers/viewer.tsx";
import classes from "./table.module.css";

type Change = (next: Group) => void;
const NEW: Comparison = { kind: "compare", entity: "attributes", key: "status", op: "=", value: "running" };
const FAILED: Comparison = { kind: "compare", entity: "attributes", key: "status", op: "=", value: "failed" };

/** Conditions in groups, and the same as text: either changes the other. A mistake in the text is pointed at. */
export function FilterForm({ value, keys, onChange }: { value: string; keys: TableKeysFound; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  const pushed = useRef(value);
  const push = useDebouncedCallback((next: string) => {
    pushed.current = next;
    onChange(next);
  }, { delay: 350, flushOnUnmount: true }); // closed right after a change, the form has still made it
  useEffect(() => {
    if (value === pushed.current) return; // what was typed since is further than the URL
    pushed.current = value;
    setText(value);
  }, [value]);
  const reading = readFilter(text);
  const set = (next: string) => {
    setText(next);
    if (readFilter(next).ok) push(next.trim());
  };
  return (
    <>
      {reading.ok ? <GroupEditor root={reading.root} group={reading.root} path={[]} keys={keys} onChange={(next) => set(writeFilter(next))} /> : (
        <p className={classes.problem} role="alert">
          <code>{text.slice(0, reading.from)}<mark>{text.slice(reading.from, Math.max(reading.to, reading.from + 1)) || " "}</mark>{text.slice(Math.max(reading.to, reading.from + 1))}</code>
          {reading.message}
        </p>
      )}
      <Textarea label="As text" autosize minRows={1} maxRows={6} classNames={{ input: "mono" }} value={text} spellCheck={false} error={!reading.ok} placeholder="metrics.loss < 0.5 and (params.lr = 0.1 or tags.team = 'blue')" onChange={(event) => set(event.currentTarget.value)} mt="sm" />
      <div className={classes.row} style={{ marginTop: 8 }}>
        <span className="dim">Names: metrics.x, params.x, tags.x, and status, run_name, duration, owner, created …</span>
        <span style={{ flex: 1 }} />
        <Button variant="subtle" color="gray" onClick={() => set("")} disabled={text === ""}>Clear</Button>
      </div>
    </>
  );
}

function GroupEditor({ root, group, path, keys, onChange }: { root: Group; group: Group; path: Path; keys: TableKeysFound; onChange: Change }) {
  const depth = path.length;
  const add = (next: Group["items"][number]) => onChange(addAt(root, path, next));
  return (
    <div className={classes.group} data-inner={depth > 0 || undefined} role="group" aria-label={depth === 0 ? "Conditions" : "Conditions in parentheses"}>
      {group.items.length > 1 && <SegmentedControl size="xs" aria-label="How the conditions are joined" data={[{ value: "and", label: "All of" }, { value: "or", label: "Any of" }]} value={group.kind} onChange={(kind) => onChange(replaceAt(root, path, { kind: kind as Group["kind"], items: group.items }))} />}
      {group.items.length === 0 && <span className="dim">All runs. Add a condition to narrow them.</span>}
      {group.items.map((item, at) => {
        const place = [...path, at];
        if (isGroup(item)) return <GroupEditor key={at} root={root} group={item} path={place} keys={keys} onChange={onChange} />;
        return <Condition key={at} one={item} keys={keys} onChange={(next) => onChange(replaceAt(root, place, next))} />;
      })}
      <div className={classes.row}>
        <Button size="compact-xs" variant="subtle" leftSection={<IconPlus size={12} />} onClick={() => add(NEW)}>Condition</Button>
        {depth < 3 && <Button size="compact-xs" variant="subtle" leftSection={<IconPlus size={12} />} onClick={() => add({ kind: group.kind === "and" ? "or" : "and", items: [NEW, FAILED] })}>Group</Button>}
        {depth > 0 && <Button size="compact-xs" variant="subtle" color="gray" onClick={() => onChange(replaceAt(root, path, null))}>Remove group</Button>}
      </div>
    </div>
  );
}

const nameOf = (one: { entity: Entity; key: string }) => `${one.entity} ${one.key}`;

function Condition({ one, keys, onChange }: { one: Comparison; keys: TableKeysFound; onChange: (next: Comparison | null) => void }) {
  const form = formOf(one);
  const seesCosts = useCan("costs:read").ok;
  const [value, setValue] = useState(form?.value ?? "");
  useEffect(() => {
    // What is half typed ("0.") means what stands there already: it is left to its writer.
    if (form && printFilter(comparisonOf(one.entity, one.key, form.operator, value)) !== printFilter(one)) setValue(form.value);
  }, [form?.value]); // eslint-disable-line react-hooks/exhaustive-deps -- only where the filter changed elsewhere
  const names = [
    { group: "Run", items: Object.keys(ATTRIBUTES).filter((key) => seesCosts || key !== "cost").map((key) => ({ value: `attributes ${key}`, label: key })) },
    { group: "Metrics, last value", items: keys.metrics.slice(0, 300).map((key) => ({ value: `metrics ${key}`, label: key })) },
    { group: "Parameters", items: keys.params.slice(0, 300).map((key) => ({ value: `params ${key}`, label: key })) },
    { group: "Tags", items: keys.tags.slice(0, 300).map((key) => ({ value: `tags ${key}`, label: key })) },
  ].map((group) => ({ ...group, items: group.items.some((item) => item.value === nameOf(one)) || !nameOf(one).startsWith(group.items[0]?.value.split(" ")[0] ?? "-") ? group.items : [...group.items, { value: nameOf(one), label: one.key }] })).filter(({ items }) => items.length > 0);
  const remove = <ActionIcon size={26} aria-label={`Remove the condition on ${one.key}`} onClick={() => onChange(null)}><IconX size={13} /></ActionIcon>;
  if (!form) return <div className={classes.row}><code style={{ flex: 1 }}>{printFilter(one)}</code>{remove}</div>;
  const { operator } = form;
  const choose = (name: string | null) => {
    if (!name) return;
    const [entity, key] = [name.slice(0, name.indexOf(" ")) as Entity, name.slice(name.indexOf(" ") + 1)];
    const fits = operatorsOf(entity, key).includes(operator) ? operator : "=";
    onChange(comparisonOf(entity, key, fits, value));
  };
  return (
    <div className={classes.row}>
      <Select aria-label="What is compared" data={names} value={nameOf(one)} onChange={choose} allowDeselect={false} searchable limit={200} w={200} comboboxProps={{ withinPortal: false }} />
      <Select aria-label="How" data={operatorsOf(one.entity, one.key)} value={operator} onChange={(next) => next && onChange(comparisonOf(one.entity, one.key, next as Operator, value))} allowDeselect={false} w={110} comboboxProps={{ withinPortal: false }} />
      {operator !== "is set" && operator !== "is not set" && <Autocomplete aria-label="With" {...(isMoment(one.entity, one.key) ? { placeholder: "2026-01-31 09:30, UTC" } : {})} value={value} data={one.key === "status" ? ["queued", "running", "succeeded", "failed", "cancelled"] : []} style={{ flex: 1, minWidth: 90 }} comboboxProps={{ withinPortal: false }} onChange={(next) => {
        setValue(next);
        onChange(comparisonOf(one.entity, one.key, operator, next));
      }} />}
      {remove}
    </div>
  );
}
