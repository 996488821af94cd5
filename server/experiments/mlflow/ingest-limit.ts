import { MlflowError } from "./errors.ts";

/** Points and requests per second that one token may write for long, and how far ahead of that it may run. */
const POINTS_PER_SECOND = 2_000_000;
const REQUESTS_PER_SECOND = 2000;
const SECONDS_AHEAD = 5;
const MOST_REMEMBERED = 20_000;

interface Bucket {
  at: number;
  points: number;
  requests: number;
}
const buckets = new Map<string, Bucket>();

/**
 * A leaky bucket per token and server process. One runaway program is told to wait, and the others do not notice it.
 * @throws MlflowError 429 with how long to wait: MLflow's clients do so by themselves.
 */
export function spend(token: string, { points = 0, requests = 0 }: { points?: number; requests?: number }, now = performance.now()): void {
  if (buckets.size > MOST_REMEMBERED) buckets.clear();
  const bucket = buckets.get(token) ?? { at: now, points: 0, requests: 0 };
  const seconds = (now - bucket.at) / 1000;
  const next = { at: now, points: Math.max(0, bucket.points - seconds * POINTS_PER_SECOND), requests: Math.max(0, bucket.requests - seconds * REQUESTS_PER_SECOND) };
  const behind = Math.max(next.points / POINTS_PER_SECOND, next.requests / REQUESTS_PER_SECOND);
  buckets.set(token, behind > SECONDS_AHEAD ? next : { ...next, points: next.points + points, requests: next.requests + requests });
  if (behind > SECONDS_AHEAD) throw new MlflowError("REQUEST_LIMIT_EXCEEDED", `This token writes more than ${POINTS_PER_SECOND} points or ${REQUESTS_PER_SECOND} requests a second. Log in larger batches, or less often.`, Math.ceil(behind - SECONDS_AHEAD) || 1);
}
