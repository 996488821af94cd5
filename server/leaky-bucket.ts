const MOST_REMEMBERED = 20_000;

/**
 * So many takes a second for long, and `ahead` seconds of them at once, by key, in the memory of this process.
 * @returns take: seconds to wait, 0 when it may go on.
 */
export function leakyBucket(perSecond: number, ahead: number) {
  const buckets = new Map<string, { at: number; level: number }>();
  return (key: string, now: number = performance.now()): number => {
    if (buckets.size > MOST_REMEMBERED) buckets.clear();
    const bucket = buckets.get(key) ?? { at: now, level: 0 };
    const level = Math.max(0, bucket.level - ((now - bucket.at) / 1000) * perSecond);
    const isFull = level / perSecond >= ahead;
    buckets.set(key, { at: now, level: isFull ? level : level + 1 });
    return isFull ? Math.ceil(level / perSecond - ahead) || 1 : 0;
  };
}
