"use client";
import { IconChevronRight } from "@tabler/icons-react";
import { useEffect, useId, useState } from "react";
import classes from "./form.module.css";

/** A part of a form that folds. `summary` says what is set while it is folded; `hasIssue` unfolds it, so that the way to a wrong field ends at one that can be seen. */
export function FormSection({ title, summary, open: openAtFirst = true, hasIssue = false, children }: { title: string; summary?: React.ReactNode; open?: boolean; hasIssue?: boolean; children: React.ReactNode }) {
  const [open, setOpen] = useState(openAtFirst);
  const id = useId();
  useEffect(() => {
    if (hasIssue) setOpen(true);
  }, [hasIssue]);
  return (
    <section className={classes.section}>
      <h2>
        <button type="button" className={classes.fold} aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          <IconChevronRight size={14} className={classes.chevron} data-open={open || undefined} />
          {title}
          {!open && summary && <span className={classes.summary}>{summary}</span>}
        </button>
      </h2>
      <div id={id} hidden={!open} className={classes.fields}>{children}</div>
    </section>
  );
}

/** Fields side by side where there is room. */
export function FieldRow({ children }: { children: React.ReactNode }) {
  return <div className={classes.row}>{children}</div>;
}

/** The form's end: the one primary act, and the way out. */
export function FormActions({ children }: { children: React.ReactNode }) {
  return <div className={classes.actions}>{children}</div>;
}
