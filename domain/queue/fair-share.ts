/** What a team used, as it counts today. */
export interface TeamShare {
  teamId: string;
  /** Its part of the whole, against the weights of the others. */
  weight: number;
  /** Accelerator-seconds, decayed. */
  used: number;
}

/** What use of `seconds` ago counts now: half after each half-life. */
export function decayed(amount: number, seconds: number, halfLifeHours: number): number {
  return amount * 2 ** (-Math.max(0, seconds) / (halfLifeHours * 3600));
}

/** How far a team is over (above 1) or under (below 1) its share of what everybody used; 1 where nobody used anything. */
export function shareRatio(team: TeamShare, all: readonly TeamShare[]): number {
  const weights = all.reduce((sum, one) => sum + one.weight, 0);
  const used = all.reduce((sum, one) => sum + one.used, 0);
  if (used <= 0 || weights <= 0) return 1;
  if (team.weight <= 0) return team.used > 0 ? Number.POSITIVE_INFINITY : 1;
  return team.used / used / (team.weight / weights);
}
