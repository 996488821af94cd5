"use client";
import { useId, useState } from "react";
import { ToneIcon } from "./status-badge.tsx";
import type { StatusIcon, Tone } from "./status-tones.ts";
import classes from "./ui.module.css";

const ICONS: Record<Tone, StatusIcon> = { neutral: "clock", active: "half", good: "check", warn: "triangle", bad: "cross" };

/**
 * Wherever something waits, failed, was refused or stopped: `title` is one sentence that says why, `children` is the evidence
 * (folded away), `action` the one best next step.
 */
export function WhyBox({ tone, title, detail, children, action, evidenceLabel = "evidence", open: openAtFirst = false }: {
  tone: Tone;
  title: React.ReactNode;
  /** One more line, always shown. */
  detail?: React.ReactNode;
  children?: React.ReactNode;
  action?: React.ReactNode;
  evidenceLabel?: string;
  open?: boolean;
}) {
  const [open, setOpen] = useState(openAtFirst);
  const id = useId();
  return (
    <div className={classes.why} data-tone={tone} role={tone === "bad" ? "alert" : "note"}>
      <span className={classes.whyIcon}><ToneIcon icon={ICONS[tone]} tone={tone} /></span>
      <div className={classes.whyBody}>
        <div className={classes.whyTitle}>{title}</div>
        {detail && <div className={classes.whyMore}>{detail}</div>}
        {children && (
          <>
            <button type="button" className={classes.whyToggle} aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
              {open ? `Hide ${evidenceLabel}` : `Show ${evidenceLabel}`}
            </button>
            <div id={id} className={classes.whyMore} hidden={!open}>{children}</div>
          </>
        )}
      </div>
      {action && <div>{action}</div>}
    </div>
  );
}
