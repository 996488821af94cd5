/** The drover's arc behind three that move: the herd goes on, the arc keeps it together. */
export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="currentColor" aria-hidden="true" style={{ flex: "none", color: "var(--accent)" }}>
      <path d="M13.5 4.5a11.5 11.5 0 1 0 0 23" fill="none" stroke="currentColor" strokeWidth="3.4" strokeLinecap="round" />
      <circle cx="15.2" cy="16" r="2.9" />
      <circle cx="24" cy="10.9" r="2.9" />
      <circle cx="24" cy="21.1" r="2.9" />
    </svg>
  );
}

/** Mark and name, for the frame and for signed-out pages. */
export function Wordmark({ size = 20, collapsed }: { size?: number; collapsed?: boolean }) {
  return (
    <span style={{ display: "inline-flex", alignItems: "center", gap: size * 0.4, fontWeight: 600, fontSize: size * 0.8, letterSpacing: "-0.02em" }}>
      <Mark size={size} />
      {!collapsed && "Drover"}
    </span>
  );
}
