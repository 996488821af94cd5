"use client";
import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let current = Math.floor(Date.now() / 1000) * 1000;

function tick(): void {
  if (document.hidden) return;
  current = Math.floor(Date.now() / 1000) * 1000;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (!timer) {
    timer = setInterval(tick, 1000);
    document.addEventListener("visibilitychange", tick);
    current = Math.floor(Date.now() / 1000) * 1000;
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    document.removeEventListener("visibilitychange", tick);
    timer = undefined;
  };
}

const serverNow = () => Math.floor(Date.now() / 1000) * 1000;

/** Unix ms of the current second, one clock for the whole page. Still while the tab is hidden. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => current, serverNow);
}
