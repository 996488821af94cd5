import type { AttemptStatus } from "../../domain/experiments/attempt-status.ts";
import type { Reachability } from "../../domain/clusters/cluster-view.ts";
import type { RunStatus } from "../../domain/experiments/run-status.ts";

export type Tone = "neutral" | "active" | "good" | "warn" | "bad";
export type StatusIcon = "ring" | "half" | "check" | "triangle" | "cross" | "dash" | "clock" | "pause";
export type AnyStatus = RunStatus | AttemptStatus | Reachability["state"] | "up" | "off" | "down" | "draining" | "drained" | "gone" | "ok" | "degraded" | "pending" | "expired" | "disabled" | "active";

/** Every status of the console: its word, tone and icon, once. `moving` marks the in-between ones. */
export const STATUS_LOOK: Record<AnyStatus, { word: string; tone: Tone; icon: StatusIcon; moving?: true }> = {
  queued: { word: "Queued", tone: "neutral", icon: "ring" },
  assigned: { word: "Assigned", tone: "active", icon: "half", moving: true },
  starting: { word: "Starting", tone: "active", icon: "half", moving: true },
  running: { word: "Running", tone: "active", icon: "half" },
  cancelling: { word: "Cancelling", tone: "active", icon: "half", moving: true },
  unreachable: { word: "Unreachable", tone: "warn", icon: "triangle" },
  succeeded: { word: "Succeeded", tone: "good", icon: "check" },
  failed: { word: "Failed", tone: "bad", icon: "cross" },
  cancelled: { word: "Cancelled", tone: "neutral", icon: "dash" },
  ended: { word: "Ended", tone: "neutral", icon: "dash" },
  lost: { word: "Given up", tone: "bad", icon: "cross" },
  reachable: { word: "Reachable", tone: "good", icon: "check" },
  never: { word: "Not connected", tone: "neutral", icon: "ring" },
  revoked: { word: "Revoked", tone: "bad", icon: "cross" },
  cloned: { word: "Cloned agent", tone: "bad", icon: "cross" },
  up: { word: "Up", tone: "good", icon: "check" },
  off: { word: "Off", tone: "neutral", icon: "ring" },
  down: { word: "Down", tone: "bad", icon: "cross" },
  draining: { word: "Draining", tone: "warn", icon: "pause", moving: true },
  drained: { word: "Drained", tone: "warn", icon: "pause" },
  gone: { word: "Gone", tone: "neutral", icon: "dash" },
  ok: { word: "OK", tone: "good", icon: "check" },
  degraded: { word: "Degraded", tone: "warn", icon: "triangle" },
  pending: { word: "Pending", tone: "neutral", icon: "clock" },
  expired: { word: "Expired", tone: "neutral", icon: "dash" },
  disabled: { word: "Disabled", tone: "neutral", icon: "dash" },
  active: { word: "Active", tone: "good", icon: "check" },
};
