"use client";
import { Button, Popover } from "@mantine/core";
import { IconColumns3 } from "@tabler/icons-react";
import { type ComponentProps, lazy, Suspense } from "react";

const load = () => import("./column-form.tsx");
const ColumnForm = lazy(() => load().then((module) => ({ default: module.ColumnForm })));

/** Which columns, behind a button. Its script comes when the pointer nears. */
export function ColumnPicker(props: ComponentProps<typeof ColumnForm>) {
  return (
    <Popover width={340} position="bottom-end" trapFocus>
      <Popover.Target><Button variant="default" leftSection={<IconColumns3 size={14} />} onPointerEnter={load} onFocus={load}>Columns</Button></Popover.Target>
      <Popover.Dropdown aria-label="Columns"><Suspense fallback={<div style={{ minHeight: 320 }} aria-busy="true" />}><ColumnForm {...props} /></Suspense></Popover.Dropdown>
    </Popover>
  );
}
