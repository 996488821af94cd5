"use client";
import { useState } from "react";
import { ToneIcon } from "./status-badge.tsx";
import type { StatusIcon, Tone } from "./status-tones.ts";
import { Ago } from "./time.tsx";
import classes from "./ui.module.css";

export interface TimelineEvent {
  id: string;
  at: Date;
  message: React.ReactNode;
  /** Who or what did it; null for Drover itself. */
  actor?: string | null;
  /** Such as "attempt 2". */
  context?: string | null;
  tone?: Tone;
  icon?: StatusIcon;
  /** Shown as JSON when asked; objects and text alike. */
  evidence?: unknown;
}

const ICONS: Record<Tone, StatusIcon> = { neutral: "ring", active: "half", good: "check", warn: "triangle", bad: "cross" };

/** Events newest first, with actor, cause and evidence: runs, clusters, rollouts and audit alike. */
export function Timeline({ events, label = "Timeline" }: { events: TimelineEvent[]; label?: string }) {
  return (
    <ol className={classes.timeline} aria-label={label}>
      {events.map((event) => <Item key={event.id} event={event} />)}
    </ol>
  );
}

function hasEvidence(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

function Item({ event }: { event: TimelineEvent }) {
  const [open, setOpen] = useState(false);
  const tone = event.tone ?? "neutral";
  const who = [event.context, event.actor].filter(Boolean).join(" · ");
  return (
    <li className={classes.event}>
      <span className={classes.eventIcon}><ToneIcon icon={event.icon ?? ICONS[tone]} tone={tone} /></span>
      <div className={classes.eventText}>
        {event.message}
        {who && <span className={classes.eventWho}>{` ·\u00a0${who}`}</span>}
        {hasEvidence(event.evidence) && (
          <>
            {" "}
            <button type="button" className={classes.whyToggle} aria-expanded={open} onClick={() => setOpen(!open)}>{open ? "Hide evidence" : "Evidence"}</button>
          </>
        )}
      </div>
      <span className={classes.eventAt}><Ago at={event.at} /></span>
      {open && <pre className={classes.evidence}>{typeof event.evidence === "string" ? event.evidence : JSON.stringify(event.evidence, null, 2)}</pre>}
    </li>
  );
}
