import type { Fit } from "../agents/placement.ts";
import type { PendingReason } from "./pending.ts";
import type { Plan } from "./run-view.ts";

interface ClusterFit {
  cluster: { id: string; name: string };
  fit: Fit;
}

/** What the queue says about the spec. */
export interface QueueSays {
  /** The cluster that it would be given now; null when it must wait. */
  chosen: string | null;
  /** How many nodes it would get there, where that may be more or fewer. */
  size?: string | null;
  /** Queued runs that go first. */
  ahead: number;
  /** Why it waits; null when it does not, or nobody knows. */
  reason: PendingReason | null;
  /** Preemptible work would be asked to give way to it. */
  makesRoom: boolean;
  /** When it may start; null when nothing promises it. */
  start: { at: number; basis: string } | null;
}

const pick = ({ cluster }: ClusterFit) => ({ id: cluster.id, name: cluster.name });

/** The plan's words from what each cluster answers and what the queue says; what it costs is said elsewhere. */
export function planRun(fits: ClusterFit[], says: QueueSays): Omit<Plan, "cost"> {
  const { ahead, start } = says;
  const clusters = fits.map(({ cluster, fit }) => ({ id: cluster.id, name: cluster.name, verdict: fit.verdict === "away" ? ("later" as const) : fit.verdict, reason: fit.reason, field: fit.field }));
  const base = { cluster: null, earliestAt: start?.at ?? null, basis: start?.basis ?? null, end: null, reserved: null, ahead, clusters };
  const now = fits.find(({ cluster }) => cluster.id === says.chosen);
  if (now) return { ...base, verdict: "now", message: `Fits now on ${now.cluster.name}${says.size ? `, with ${says.size}` : ""}.`, cluster: pick(now), earliestAt: null, basis: null };
  const held = heldBack(fits, says);
  if (held) return { ...base, verdict: "later", ...held };
  const later = soonest(fits);
  if (later) return { ...base, verdict: "later", message: `Waits for ${later.cluster.name}. ${later.fit.reason}`, cluster: pick(later), ...(start ? {} : { earliestAt: later.fit.earliestAt, basis: later.fit.basis }) };
  const away = fits.find(({ fit }) => fit.verdict === "away");
  if (away) return { ...base, verdict: "later", message: `Waits for ${away.cluster.name}. ${away.fit.reason}`, cluster: pick(away) };
  if (fits.length === 0) return { ...base, verdict: "later", message: "No cluster is connected yet. It starts once one is." };
  const told = fits.find(({ fit }) => fit.field !== "cluster") ?? fits[0]!;
  return { ...base, verdict: "never", message: told.fit.field === "cluster" ? "The cluster that it asks for does not exist." : `Cannot run on ${told.cluster.name}. ${told.fit.reason}` };
}

/** The cluster whose limits promise room first; one that promises none, where none does. */
function soonest(fits: ClusterFit[]): ClusterFit | undefined {
  return fits.filter(({ fit }) => fit.verdict === "later").sort((a, b) => (a.fit.earliestAt ?? Infinity) - (b.fit.earliestAt ?? Infinity))[0];
}

/** Where it is the queue that stands in the way, and not the room. */
function heldBack(fits: ClusterFit[], { ahead, reason, makesRoom }: QueueSays): Pick<Plan, "message"> & Partial<Omit<Plan, "cost">> | null {
  if (reason?.kind === "quota") return { message: reason.message };
  if (makesRoom) return { message: "It would start as soon as preemptible work has saved a checkpoint and given way." };
  const fitting = fits.find(({ fit }) => fit.verdict === "now");
  if (!fitting) return null;
  const first = ahead === 0 ? "" : ` once ${ahead === 1 ? "the run" : `the ${ahead} runs`} ahead of it ${ahead === 1 ? "is" : "are"} placed`;
  return { message: `Fits on ${fitting.cluster.name}${first}.${reason ? ` ${reason.message}` : ""}`, cluster: pick(fitting) };
}
