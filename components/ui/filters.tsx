"use client";
import { ActionIcon, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch, IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { formatCount } from "../../domain/shared/format.ts";
import classes from "./ui.module.css";

/** The row above a table: text, chips, whatever else narrows it. */
export function FilterBar({ children }: { children: React.ReactNode }) {
  return <div className={classes.filters} role="search">{children}</div>;
}

/** The bar's text field: `/` focuses it, Escape clears it. `onChange` follows typing by 200 ms. */
export function FilterText({ value, onChange, placeholder }: { value: string; onChange: (value: string) => void; placeholder: string }) {
  const [text, setText] = useState(value);
  const pushed = useRef(value);
  const push = useDebouncedCallback((next: string) => {
    pushed.current = next;
    onChange(next);
  }, 200);
  useEffect(() => {
    if (value !== pushed.current) { // the URL changed by itself: back, a chip, a link
      pushed.current = value;
      setText(value);
    }
  }, [value]);
  const set = (next: string) => {
    setText(next);
    push(next);
  };
  return (
    <TextInput
      className={classes.filterText}
      data-filter-text
      aria-label={placeholder}
      placeholder={placeholder}
      value={text}
      onChange={(event) => set(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && (text ? set("") : event.currentTarget.blur())}
      leftSection={<IconSearch size={14} />}
      rightSection={text ? <ActionIcon size={20} aria-label="Clear" onClick={() => set("")}><IconX size={13} /></ActionIcon> : <kbd aria-hidden="true">/</kbd>}
    />
  );
}

/** One thing to filter by, on or off. */
export function Chip({ on, onToggle, count, children }: { on: boolean; onToggle: () => void; count?: number; children: React.ReactNode }) {
  return (
    <button type="button" className={classes.chip} aria-pressed={on} onClick={onToggle}>
      {children}
      {count !== undefined && <span className={classes.chipCount}>{formatCount(count)}</span>}
    </button>
  );
}
