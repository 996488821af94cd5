"use client";
import { useCallback, useSyncExternalStore } from "react";

/** Where the cursor stands, on all charts that share it. */
export interface Cursor {
  x: number;
  /** The chart it was moved on. */
  chart: string;
  /** Of the pointer, px in that chart; null where it was moved by keys. */
  pointer: { x: number; y: number } | null;
}

interface Shared {
  cursor: Cursor | null;
  readers: Set<() => void>;
}

// Outside React's state: a move of the pointer draws the cursors again, and nothing else of ten charts.
const groups = new Map<string, Shared>();

function groupOf(id: string): Shared {
  const group = groups.get(id) ?? { cursor: null, readers: new Set() };
  groups.set(id, group);
  return group;
}

export function moveCursor(id: string, cursor: Cursor | null): void {
  const group = groupOf(id);
  if (group.cursor === cursor) return;
  group.cursor = cursor;
  for (const read of group.readers) read();
}

export function useCursor(id: string): Cursor | null {
  const subscribe = useCallback((read: () => void) => {
    const group = groupOf(id);
    group.readers.add(read);
    return () => {
      group.readers.delete(read);
      if (group.readers.size === 0) groups.delete(id);
    };
  }, [id]);
  return useSyncExternalStore(subscribe, () => groups.get(id)?.cursor ?? null, () => null);
}
