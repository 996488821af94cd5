"use client";
import { lazy, Suspense, useEffect, useState } from "react";
import { onCommandK } from "./command-k-signal.ts";

const CommandK = lazy(() => import("./command-k.tsx").then((module) => ({ default: module.CommandK })));

/** Loads cmd-k when it is first asked for; from then on it hears its keys itself. */
export function CommandKLoader() {
  const [wanted, setWanted] = useState(false);
  useEffect(() => {
    if (wanted) return;
    const want = () => setWanted(true);
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      want();
    };
    document.addEventListener("keydown", onKeyDown);
    const stop = onCommandK(want);
    return () => {
      document.removeEventListener("keydown", onKeyDown);
      stop();
    };
  }, [wanted]);
  return wanted ? <Suspense fallback={null}><CommandK /></Suspense> : null;
}
