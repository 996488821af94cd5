import type { RunSpec } from "../experiments/run-spec.ts";
import type { TeamShare } from "./fair-share.ts";
import { LEVELS, LIFT_RAN_TIMES, LIFT_SECONDS, type QueuePolicy } from "./policy.ts";

/** A queued run as the policies see it. Times are Unix ms. */
export interface Waiting {
  id: string;
  name: string;
  spec: RunSpec;
  teamId: string;
  projectId: string;
  ownerId: string;
  /** Accelerators in all, over its nodes. */
  gpus: number;
  priority: number;
  /** Kept through preemption: a run that gave way does not lose its place. */
  queuedAt: number;
  /** Accelerator-seconds that it had so far; of slices and shares their part. */
  attained: number;
  /** What these would be more, had its slices and shares been whole accelerators. */
  spared?: number;
  /** How much of an accelerator each of `gpus` is, where it asks for slices or shares. */
  part?: number;
  /** Nodes that failed it, as `clusterId/node`. */
  excluded?: readonly string[];
  /** Where its checkpoint lies. */
  near?: string | null;
}

/** What the order rests on; a run's spec is not looked at. */
export type Orderable = Pick<Waiting, "id" | "teamId" | "priority" | "queuedAt" | "attained" | "spared" | "gpus" | "part">;

/** For how long it ran, all attempts together. */
export const ranSecondsOf = (run: Pick<Waiting, "attained" | "spared" | "gpus">): number => (run.attained + (run.spared ?? 0)) / Math.max(1, run.gpus);

/** 0 for who had least; one more for each step of what it had. */
export function levelOf(attained: number): number {
  let level = 0;
  while (level < LEVELS.length && attained >= LEVELS[level]!) level += 1;
  return level;
}

/** The level with waiting counted in. Without turns all are equal. */
export function standing(run: Pick<Waiting, "attained" | "spared" | "queuedAt" | "gpus">, policy: QueuePolicy, now: number): number {
  if (!policy.turns) return 0;
  const ranSeconds = ranSecondsOf(run);
  const waitedSeconds = Math.max(0, (now - run.queuedAt) / 1000 - ranSeconds);
  const lifted = Math.floor(waitedSeconds / (LIFT_SECONDS + LIFT_RAN_TIMES * ranSeconds));
  return Math.max(0, levelOf(run.attained) - lifted);
}

/**
 * The queue's order: priority, then turns, then the teams' shares, then age. Within a level the teams interleave: each run
 * that is taken counts for its team at once, so one team's hundred runs do not all go before another's first.
 */
export function orderQueue<Run extends Orderable>(queue: readonly Run[], shares: ReadonlyMap<string, TeamShare>, policy: QueuePolicy, now: number): Run[] {
  const ranked = queue.map((run) => ({ run, level: standing(run, policy, now) }));
  ranked.sort((a, b) => b.run.priority - a.run.priority || a.level - b.level || a.run.queuedAt - b.run.queuedAt || (a.run.id < b.run.id ? -1 : 1));
  if (!policy.fairShare) return ranked.map(({ run }) => run);
  const debts = new Map<string, number>();
  const ordered: Run[] = [];
  for (let from = 0; from < ranked.length; ) {
    const { run, level } = ranked[from]!;
    let to = from;
    while (to < ranked.length && ranked[to]!.run.priority === run.priority && ranked[to]!.level === level) to += 1;
    interleave(ranked.slice(from, to).map((one) => one.run), shares, debts, ordered);
    from = to;
  }
  return ordered;
}

const HOUR = 3600;

/** Takes from the team that has had least for its weight, until nothing is left. `debts` grows by what was taken. */
function interleave<Run extends Orderable>(group: Run[], shares: ReadonlyMap<string, TeamShare>, debts: Map<string, number>, into: Run[]): void {
  const had = (teamId: string) => ((shares.get(teamId)?.used ?? 0) + (debts.get(teamId) ?? 0)) / Math.max(1e-9, shares.get(teamId)?.weight ?? 1);
  const teams = new Map<string, { teamId: string; runs: Run[]; at: number; had: number }>();
  for (const run of group) {
    const team = teams.get(run.teamId);
    if (team) team.runs.push(run);
    else teams.set(run.teamId, { teamId: run.teamId, runs: [run], at: 0, had: had(run.teamId) });
  }
  while (teams.size > 0) {
    let next: { teamId: string; runs: Run[]; at: number; had: number } | null = null;
    for (const team of teams.values()) {
      const by = next === null ? -1 : team.had - next.had || team.runs[team.at]!.queuedAt - next.runs[next.at]!.queuedAt || (team.teamId < next.teamId ? -1 : 1);
      if (by < 0) next = team;
    }
    const { teamId, runs } = next!;
    const run = runs[next!.at]!;
    next!.at += 1;
    debts.set(teamId, (debts.get(teamId) ?? 0) + Math.max(1, run.gpus) * (run.part ?? 1) * HOUR);
    next!.had = had(teamId);
    if (next!.at === runs.length) teams.delete(teamId);
    into.push(run);
  }
}
