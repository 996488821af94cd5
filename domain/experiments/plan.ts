import type { Fit } from "../agents/placement.ts";
import type { Plan } from "./run-view.ts";

interface ClusterFit {
  cluster: { id: string; name: string };
  fit: Fit;
}

/**
 * The plan's words from what each cluster answers.
 * @param chosen The cluster that the queue would give it now; null when it must wait.
 * @param ahead Queued runs that go first.
 * @param behind Why the queue holds it back although it fits; null when unknown.
 */
export function planRun(fits: ClusterFit[], chosen: string | null, ahead: number, behind: string | null): Plan {
  const clusters = fits.map(({ cluster, fit }) => ({ id: cluster.id, name: cluster.name, verdict: fit.verdict === "away" ? ("later" as const) : fit.verdict, reason: fit.reason, field: fit.field }));
  const base = { cluster: null, earliestAt: null, basis: null, ahead, clusters };
  const pick = ({ cluster }: ClusterFit) => ({ id: cluster.id, name: cluster.name });
  const now = fits.find(({ cluster }) => cluster.id === chosen);
  if (now) return { ...base, verdict: "now", message: `Fits now on ${now.cluster.name}.`, cluster: pick(now) };
  const fitting = fits.find(({ fit }) => fit.verdict === "now");
  if (fitting) return { ...base, verdict: "later", message: `Fits on ${fitting.cluster.name} once ${ahead === 1 ? "the run" : `the ${ahead} runs`} ahead of it are placed.${behind ? ` ${behind}` : ""}`, cluster: pick(fitting) };
  const [later] = fits.filter(({ fit }) => fit.verdict === "later").sort((a, b) => (a.fit.earliestAt ?? Infinity) - (b.fit.earliestAt ?? Infinity));
  if (later) {
    const { earliestAt, basis, reason } = later.fit;
    return { ...base, verdict: "later", message: `Waits for ${later.cluster.name}. ${reason}`, cluster: pick(later), earliestAt, basis };
  }
  const away = fits.find(({ fit }) => fit.verdict === "away");
  if (away) return { ...base, verdict: "later", message: `Waits for ${away.cluster.name}. ${away.fit.reason}`, cluster: pick(away) };
  if (fits.length === 0) return { ...base, verdict: "later", message: "No cluster is connected yet. It starts once one is." };
  const told = fits.find(({ fit }) => fit.field !== "cluster") ?? fits[0]!;
  return { ...base, verdict: "never", message: told.fit.field === "cluster" ? "The cluster that it asks for does not exist." : `Cannot run on ${told.cluster.name}. ${told.fit.reason}` };
}
