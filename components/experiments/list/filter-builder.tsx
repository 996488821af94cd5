"use client";
import { Button, Popover } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import type { TableKeysFound } from "../../../domain/experiments/table-view.ts";

// The grammar comes with the first look at it, asked for when the pointer nears: so the focus finds its field.
const load = () => import("./filter-form.tsx");
const FilterForm = lazy(() => load().then((module) => ({ default: module.FilterForm })));

/** The filter in the grammar, behind a button that says whether there is one. */
export function FilterBuilder({ value, keys, onChange }: { value: string; keys: TableKeysFound; onChange: (text: string) => void }) {
  const active = value.trim() !== "";
  return (
    <Popover width={640} position="bottom-start" trapFocus withinPortal>
      <Popover.Target>
        <Button variant={active ? "light" : "default"} leftSection={<IconFilter size={14} />} onPointerEnter={load} onFocus={load}>{active ? "Filter on" : "Filter"}</Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Filter" style={{ maxWidth: "calc(100vw - 24px)" }}>
        <Suspense fallback={<div style={{ minHeight: 160 }} aria-busy="true" />}><FilterForm value={value} keys={keys} onChange={onChange} /></Suspense>
      </Popover.Dropdown>
    </Popover>
  );
}
