"use client";
import { Tooltip } from "@mantine/core";
import { type AnyStatus, STATUS_LOOK, type StatusIcon, type Tone } from "./status-tones.ts";
import classes from "./status.module.css";

const SHAPES: Record<StatusIcon, React.ReactNode> = {
  ring: <circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  half: (
    <>
      <circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path d="M7 4a3 3 0 0 1 0 6z" fill="currentColor" stroke="currentColor" />
    </>
  ),
  check: (
    <>
      <circle cx="7" cy="7" r="6" fill="currentColor" />
      <path d="m4.4 7.2 1.8 1.8 3.4-3.7" fill="none" stroke="var(--mantine-color-body)" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" />
    </>
  ),
  triangle: (
    <>
      <path d="M7 1.4 13 12.4H1z" fill="currentColor" strokeLinejoin="round" />
      <path d="M7 5.4v3.2M7 10.3v.2" stroke="var(--mantine-color-body)" strokeWidth="1.4" strokeLinecap="round" />
    </>
  ),
  cross: (
    <>
      <rect x="1" y="1" width="12" height="12" rx="3" fill="currentColor" />
      <path d="m4.7 4.7 4.6 4.6m0-4.6L4.7 9.3" stroke="var(--mantine-color-body)" strokeWidth="1.5" strokeLinecap="round" />
    </>
  ),
  dash: (
    <>
      <circle cx="7" cy="7" r="5.2" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M4.6 7h4.8" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
    </>
  ),
  clock: (
    <>
      <circle cx="7" cy="7" r="5.2" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M7 4.2V7l2 1.3" fill="none" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" />
    </>
  ),
  pause: (
    <>
      <circle cx="7" cy="7" r="5.2" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M5.6 5.2v3.6m2.8-3.6v3.6" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
    </>
  ),
};

/** The shape alone, for dense places; always beside a word. */
export function ToneIcon({ icon, tone, moving, size = 14 }: { icon: StatusIcon; tone: Tone; moving?: boolean; size?: number }) {
  return (
    <svg className={moving ? `${classes.icon} ${classes.moving}` : classes.icon} width={size} height={size} viewBox="0 0 14 14" aria-hidden="true" style={{ color: `var(--tone-${tone})` }}>
      {SHAPES[icon]}
    </svg>
  );
}

/** Icon, word and colour. `reason` shows on hover; `word` replaces the usual word where a page is more exact. `live` announces changes to screen readers. */
export function StatusBadge({ status, reason, word, live }: { status: AnyStatus; reason?: string | null; word?: string; live?: string }) {
  const look = STATUS_LOOK[status];
  const badge = (
    <span className={classes.badge} data-tone={look.tone} {...(live ? { role: "status", "aria-label": live } : {})} tabIndex={reason ? 0 : undefined}>
      <ToneIcon icon={look.icon} tone={look.tone} moving={look.moving} />
      {word ?? look.word}
    </span>
  );
  return reason ? <Tooltip label={reason}>{badge}</Tooltip> : badge;
}

/** Any word in a tone, where no status of the table fits. */
export function ToneBadge({ tone, icon, children }: { tone: Tone; icon: StatusIcon; children: React.ReactNode }) {
  return (
    <span className={classes.badge} data-tone={tone}>
      <ToneIcon icon={icon} tone={tone} />
      {children}
    </span>
  );
}
