import { and, eq, gt, lt, or, sql } from "drizzle-orm";
import type { Db, Tx } from "../../../db/client.ts";
import { clientCreations } from "../../../db/schema/creations.ts";

/** Which request: the same caller sent the same bytes to the same path. */
export interface CreationKey {
  orgId: string;
  callerId: string;
  digest: Buffer;
}

/** Clients repeat a request for a quarter of an hour: seven times, each after up to two minutes without an answer. */
const repeatable = sql`clock_timestamp() - interval '30 minutes'`;
/** Answers leave within moments. One that has not by then died with the process that owed it. */
const owed = sql`clock_timestamp() - interval '10 seconds'`;
const MOST_FORGOTTEN = 100;

/** Another request with the same bytes was first, and its answer has not left yet. */
export class CreationTaken extends Error {}

const isThis = ({ orgId, callerId, digest }: CreationKey) => and(eq(clientCreations.orgId, orgId), eq(clientCreations.callerId, callerId), eq(clientCreations.digest, digest));

/** For the transaction that makes it: with what is made it is kept who asked, until the answer has left. @throws CreationTaken */
export async function claimCreation(tx: Tx, key: CreationKey, madeId: string): Promise<void> {
  await tx.execute(sql`delete from ${clientCreations} where ctid in (select ctid from ${clientCreations} where org_id = ${key.orgId} and made_at < ${repeatable} limit ${MOST_FORGOTTEN} for update skip locked)`);
  const claimed = await tx.insert(clientCreations).values({ ...key, madeId, madeAt: sql`clock_timestamp()` }).onConflictDoNothing().returning({ madeId: clientCreations.madeId });
  if (claimed.length === 0) throw new CreationTaken("An equal request is being answered.");
}

/**
 * What an equal request made whose answer never left: that is what this one is answered. `pending` while it may still leave.
 * Null: there is none, as with two equal requests of which the first was answered. Those make two.
 */
export async function takeCreation(db: Db, key: CreationKey): Promise<{ madeId: string } | "pending" | null> {
  const inTime = and(isThis(key), gt(clientCreations.madeAt, repeatable));
  const [taken] = await db.update(clientCreations).set({ isLost: false, madeAt: sql`clock_timestamp()` }).where(and(inTime, or(clientCreations.isLost, lt(clientCreations.madeAt, owed)))).returning({ madeId: clientCreations.madeId });
  if (taken) return taken;
  const [pending] = await db.select({ madeId: clientCreations.madeId }).from(clientCreations).where(inTime);
  return pending ? "pending" : null;
}

/** The answer has left, or its connection was gone before. */
export async function settleCreation(db: Db, key: CreationKey, hasLeft: boolean): Promise<void> {
  if (hasLeft) await db.delete(clientCreations).where(isThis(key));
  else await db.update(clientCreations).set({ isLost: true }).where(isThis(key));
}
