"use client";
import { useEffect, useState } from "react";

const SHOWN_MS = 1500;

/**
 * Into the clipboard. Browsers have no `navigator.clipboard` on plain http, as many run a console within their walls: there the
 * text is selected and copied as a person would.
 * @throws Error where the browser copies nothing.
 */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  (focused?.parentElement ?? document.body).append(field); // within a dialog, which keeps the focus inside
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus();
  if (!done) throw new Error("This browser copies nothing on a page without https. Select the text and copy it.");
}

/** For a button that says for a moment that it copied. `failed`: it was not copied. */
export function useCopy(text: string): { copied: boolean; failed: boolean; copy: () => void } {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => void copyText(text).then(() => setState("copied"), () => setState("failed"));
  return { copied: state === "copied", failed: state === "failed", copy };
}
