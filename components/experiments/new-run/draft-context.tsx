"use client";
import { createContext, useCallback, useContext, useMemo, useState } from "react";
import type { FieldIssue } from "../../../domain/shared/errors.ts";
import { errorsByField } from "../../form/issues.ts";
import { type FieldPath, readSpec, setField, type SpecDocument } from "./spec-document.ts";

interface Draft {
  document: SpecDocument;
  setText: (text: string) => void;
  set: (path: FieldPath, value: unknown) => void;
  /** Issues by field, those of the server's answer included. */
  errors: Readonly<Record<string, string>>;
  issues: readonly FieldIssue[];
  /** Show every issue, not only those of fields that were touched. */
  showAll: boolean;
  setShowAll: (show: boolean) => void;
  touched: ReadonlySet<string>;
  touch: (field: string) => void;
  /** What the server refused; gone with the next change. */
  setRefused: (issues: readonly FieldIssue[]) => void;
  isDirty: boolean;
}

const DraftContext = createContext<Draft | null>(null);

export function useDraft(): Draft {
  const draft = useContext(DraftContext);
  if (!draft) throw new Error("useDraft outside DraftProvider.");
  return draft;
}

/** The spec being written: one YAML text that form and editor both change. */
export function DraftProvider({ initial, children }: { initial: string; children: React.ReactNode }) {
  const [text, setTextState] = useState(initial);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [showAll, setShowAll] = useState(false);
  const [refused, setRefused] = useState<readonly FieldIssue[]>([]);
  const document = useMemo(() => readSpec(text), [text]);
  const setText = useCallback((next: string) => {
    setTextState(next);
    setRefused([]);
  }, []);
  const set = useCallback((path: FieldPath, value: unknown) => {
    setTextState((old) => setField(old, path, value));
    setRefused([]);
  }, []);
  const touch = useCallback((field: string) => setTouched((old) => (old.has(field) ? old : new Set([...old, field]))), []);
  const draft = useMemo<Draft>(() => {
    const issues = [...document.issues, ...refused];
    return { document, setText, set, issues, errors: errorsByField(issues), showAll, setShowAll, touched, touch, setRefused, isDirty: text !== initial };
  }, [document, refused, setText, set, showAll, touched, touch, text, initial]);
  return <DraftContext.Provider value={draft}>{children}</DraftContext.Provider>;
}

/** Is something wrong, and shown, in any of these fields? */
export function useHasIssue(...fields: string[]): boolean {
  const { issues, showAll } = useDraft();
  return showAll && issues.some((issue) => fields.some((field) => issue.field === field || issue.field.startsWith(`${field}.`)));
}

/** One field of the form: its value in the text, how to change it, its error once it should show. */
export function useField<T>(path: FieldPath) {
  const { document, set, errors, showAll, touched, touch } = useDraft();
  const name = path.join(".");
  const value = path.reduce<unknown>((at, part) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[part] : undefined), document.value) as T | undefined;
  // An error in an item of a list or record shows at the list.
  const within = Object.entries(errors).find(([field]) => field === name || field.startsWith(`${name}.`));
  const error = within && (showAll || touched.has(name)) ? `${within[0] === name ? "" : `${within[0].slice(name.length + 1)}: `}${within[1]}` : undefined;
  return { name, value, error, disabled: document.value === null, onBlur: () => touch(name), change: (next: T | undefined) => set(path, next) };
}
