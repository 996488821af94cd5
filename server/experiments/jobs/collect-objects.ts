import { and, inArray, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { orgs } from "../../../db/schema/access.ts";
import { objects } from "../../../db/schema/experiments.ts";
import { UNUSED_HOURS } from "../../../domain/experiments/retention.ts";
import { log } from "../../log.ts";
import type { ObjectStore } from "../object-store.ts";
import { UNUSED } from "../queries/retention.ts";

const PAGE = 500;

/**
 * Removes the bytes that nothing refers to any more: first those whose row says so, then what lies in the store without a
 * row, left by a process that died between the two. May be repeated at any point, by any number of workers.
 */
export async function collectObjects(db: Db, store: ObjectStore): Promise<{ unused: number; rowless: number }> {
  const removed = { unused: await collectUnused(db, store), rowless: await collectRowless(db, store) };
  if (removed.unused + removed.rowless > 0) log().info(removed, "stored objects that nothing refers to");
  return removed;
}

async function collectUnused(db: Db, store: ObjectStore): Promise<number> {
  let removed = 0;
  for (;;) {
    const keys = await db.transaction(async (tx) => {
      const found = await tx.select({ orgId: objects.orgId, sha256: objects.sha256 }).from(objects).where(UNUSED).limit(PAGE).for("update", { skipLocked: true });
      if (found.length === 0) return [];
      // Whoever begins to refer to an object locks its row first. Looked at again, now that the rows are ours: a reference may have come in between.
      return tx.delete(objects).where(and(inArray(sql`(${objects.orgId}, ${objects.sha256})`, found.map(({ orgId, sha256 }) => sql`(${orgId}, ${sha256})`)), UNUSED)).returning({ key: objects.key });
    });
    if (keys.length === 0) return removed;
    // Those of older releases may be another organization's too, and stay.
    for (const { key } of keys) if (key !== null) await store.remove(key);
    removed += keys.length;
  }
}

async function collectRowless(db: Db, store: ObjectStore): Promise<number> {
  const youngest = Date.now() - UNUSED_HOURS * 3_600_000;
  let removed = 0;
  let page: string[] = [];
  const clear = async () => {
    const rowless = await listRowless(db, page);
    for (const key of rowless) await store.remove(key);
    removed += rowless.length;
    page = [];
  };
  for await (const { key, at } of store.list()) {
    if (at.getTime() > youngest) continue; // its row may be about to come
    page.push(key);
    if (page.length === PAGE) await clear();
  }
  await clear();
  return removed;
}

/**
 * Keys are `<organization>/<hash>/<hash>.<nonce>`. Those of organizations that are not here belong to another Drover that shares
 * the store; those of older releases, which name none, may: both are left alone.
 */
async function listRowless(db: Db, keys: string[]): Promise<string[]> {
  const parsed = keys.filter((key) => key.startsWith("org_")).map((key) => ({ key, orgId: key.split("/")[0]!, sha256: key.split("/").at(-1)!.split(".")[0]! }));
  const column = (of: "key" | "orgId" | "sha256") => sql`${sql.param(parsed.map((one) => one[of]))}::text[]`;
  const rows = await db.execute<{ key: string }>(sql`
    select listed.key from unnest(${column("key")}, ${column("orgId")}, ${column("sha256")}) as listed (key, org_id, sha256)
    where exists (select 1 from ${orgs} where ${orgs.id} = listed.org_id)
      and not exists (select 1 from ${objects} where ${objects.orgId} = listed.org_id and ${objects.sha256} = listed.sha256 and ${objects.key} = listed.key)`);
  return rows.map(({ key }) => key);
}
