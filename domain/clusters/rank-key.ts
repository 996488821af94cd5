// As agents name them: agent/protocol/ranks.ts.
const KEY = /^rank\/(\d{1,7})@(.+)\/step_seconds$/;

/** Which rank on which node a series is of, by its name; null where it is of none. */
export function rankOfKey(key: string): { rank: number; node: string } | null {
  const match = KEY.exec(key);
  return match ? { rank: Number(match[1]), node: match[2]! } : null;
}
