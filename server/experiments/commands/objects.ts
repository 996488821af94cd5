import { and, eq, isNull, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { objects } from "../../../db/schema/experiments.ts";
import { failpoint } from "../../failpoint.ts";
import type { Bytes, ObjectStore, PutOptions } from "../object-store.ts";

/** Of whom, and what for. */
interface ObjectOwner {
  orgId: string;
  kind: "code" | "artifact" | "log";
}

/**
 * Stores bytes and records them: from now on this organization's rows may name them. Bytes that were here already are kept
 * once; should the store have lost them, the new ones take their place.
 */
export async function storeObject(db: Db, store: ObjectStore, { orgId, kind }: ObjectOwner, bytes: Bytes, options?: PutOptions): Promise<{ sha256: string; bytes: number; isNew: boolean }> {
  const { key, ...stored } = await store.put(orgId, bytes, options);
  const [kept] = await db
    .insert(objects)
    .values({ orgId, kind, key, ...stored })
    .onConflictDoUpdate({ target: [objects.orgId, objects.sha256], set: { touchedAt: sql`now()` } })
    .returning({ key: objects.key });
  failpoint("server.objects.after-commit");
  if (kept!.key === key) return { ...stored, isNew: true };
  const isThere = (await store.has({ sha256: stored.sha256, key: kept!.key })) === stored.bytes;
  if (isThere) await store.remove(key);
  else {
    const before = kept!.key === null ? isNull(objects.key) : eq(objects.key, kept!.key);
    await db.update(objects).set({ key }).where(and(eq(objects.orgId, orgId), eq(objects.sha256, stored.sha256), before));
  }
  return { ...stored, isNew: false };
}

/** As if its bytes had been sent again: what will name them has a day to come. Null where they are not here. */
export async function touchObject(db: Db, orgId: string, sha256: string): Promise<{ bytes: number } | null> {
  const [found] = await db.update(objects).set({ touchedAt: sql`now()` }).where(and(eq(objects.orgId, orgId), eq(objects.sha256, sha256))).returning({ bytes: objects.bytes });
  return found ?? null;
}
