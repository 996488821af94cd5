"use client";
import { type RefObject, useEffect, useRef } from "react";
import { keysAreTaken } from "../ui/keys-taken.ts";

interface RowKeys {
  enabled: boolean;
  onSelect: ((index: number) => void) | undefined;
  onPeek: ((index: number) => void) | undefined;
}

/** j and k move the focus from row link to row link, so Enter opens as everywhere; x selects, Space peeks. */
export function useRowKeys(body: RefObject<HTMLTableSectionElement | null>, keys: RowKeys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    function focusRow(step: number): void {
      const rows = [...(body.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
      const at = rows.findIndex((row) => row.contains(document.activeElement));
      const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
      const target = next?.querySelector<HTMLElement>("[data-row-link]") ?? next?.querySelector<HTMLElement>("a, button, input");
      target?.focus();
      next?.scrollIntoView({ block: "nearest" });
    }
    function onKeyDown(event: KeyboardEvent): void {
      if (!current.current.enabled || keysAreTaken(event)) return;
      const row = (document.activeElement as HTMLElement | null)?.closest<HTMLElement>("[data-row]");
      const inside = row && body.current?.contains(row) ? Number(row.dataset.row) : null;
      if (event.key === "j") focusRow(1);
      else if (event.key === "k") focusRow(-1);
      else if (event.key === "x" && inside !== null) current.current.onSelect?.(inside);
      else if (event.key === " " && inside !== null && current.current.onPeek && document.activeElement?.hasAttribute("data-row-link")) current.current.onPeek(inside);
      else return;
      event.preventDefault();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [body]);
}
