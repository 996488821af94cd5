import { eq, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { apiTokens } from "../../../db/schema/access.ts";
import { log } from "../../log.ts";

const ONCE_PER_MS = 60_000;
const MOST_REMEMBERED = 10_000;
const noted = new Map<string, number>();

/** Keeps `lastUsedAt` at most a minute behind, beside the request rather than in its way: a lost note only makes the column older. */
export function noteTokenUse(db: Db, tokenId: string): void {
  const now = Date.now();
  const last = noted.get(tokenId);
  if (last !== undefined && now - last < ONCE_PER_MS) return;
  if (noted.size >= MOST_REMEMBERED) noted.clear();
  noted.set(tokenId, now);
  db.update(apiTokens)
    .set({ lastUsedAt: sql`now()` })
    .where(eq(apiTokens.id, tokenId))
    .catch((err: unknown) => log().warn({ err, tokenId }, "could not note the use of a token"));
}
