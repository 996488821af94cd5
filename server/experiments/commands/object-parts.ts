import { and, asc, eq, gt, lt, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { objectParts } from "../../../db/schema/agents.ts";
import { UNUSED_HOURS } from "../../../domain/experiments/retention.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import type { Bytes, ObjectStore } from "../object-store.ts";
import { findStored } from "../queries/artifacts.ts";
import { storeObject, touchObject } from "./objects.ts";

/** Parts are bytes that no object's row names: before they are collected as such, they are not gone on from any more. */
export const PARTS_KEPT_HOURS = UNUSED_HOURS - 4;

interface Upload {
  orgId: string;
  clusterId: string;
  sha256: string;
}

const of = ({ clusterId, sha256 }: Upload) => and(eq(objectParts.clusterId, clusterId), eq(objectParts.sha256, sha256));
const FRESH = sql`now() - make_interval(hours => ${PARTS_KEPT_HOURS})`;

/** Where an upload goes on, and whether there is anything left to send. */
export async function nextPart(db: Db, store: ObjectStore, upload: Upload): Promise<{ next: number; done: boolean }> {
  const known = await findStored(db, store, upload.orgId, upload.sha256);
  if (known && (await touchObject(db, upload.orgId, upload.sha256))) return { next: known.bytes, done: true };
  const parts = await listParts(db, upload);
  return { next: parts.reduce((sum, { bytes }) => sum + bytes, 0), done: false };
}

/** What is there without a gap. Parts of an upload that began too long ago count for nothing. */
async function listParts(db: Db, upload: Upload) {
  const rows = await db.select().from(objectParts).where(and(of(upload), gt(objectParts.at, FRESH))).orderBy(asc(objectParts.offset));
  let end = 0;
  return rows.filter(({ offset, bytes }) => offset === end && Boolean((end += bytes)));
}

/**
 * One more part. The last one makes the whole: read back part by part, checked against its hash, stored as an object.
 * @throws DomainError "conflict" with where to go on, where `offset` is not that; "invalid" where part or whole are not what was announced: then nothing of it is kept.
 */
export async function takePart(db: Db, store: ObjectStore, upload: Upload, part: { offset: number; total: number; sha256: string; maxBytes: number }, bytes: Bytes): Promise<{ next: number; done: boolean }> {
  const { next, done } = await nextPart(db, store, upload);
  if (done) return { next, done };
  if (part.offset !== next) throw new DomainError("conflict", `The upload goes on at byte ${next}.`, { issues: [{ field: "offset", message: String(next) }] });
  const stored = await store.put(upload.orgId, bytes, { sha256: part.sha256, maxBytes: Math.min(part.maxBytes, part.total - next) });
  await db.delete(objectParts).where(and(of(upload), lt(objectParts.at, FRESH)));
  const [row] = await db.insert(objectParts).values({ ...upload, offset: next, bytes: stored.bytes, key: stored.key, partSha256: stored.sha256 }).onConflictDoNothing().returning({ offset: objectParts.offset });
  if (!row) throw new DomainError("unavailable", "The same part came twice at once. Ask where to go on."); // its bytes are collected
  const end = next + stored.bytes;
  if (end < part.total) return { next: end, done: false };
  await makeWhole(db, store, upload);
  return { next: end, done: true };
}

async function makeWhole(db: Db, store: ObjectStore, upload: Upload): Promise<void> {
  const parts = await listParts(db, upload);
  try {
    await storeObject(db, store, { orgId: upload.orgId, kind: "artifact" }, joined(store, parts), { sha256: upload.sha256 });
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== "invalid") throw error; // the store is away: the parts are still good
    await forget(db, store, upload, parts);
    throw error;
  }
  await forget(db, store, upload, parts);
}

/** Their bytes in order, each part checked against its hash as it is read. */
export async function* joined(store: ObjectStore, parts: readonly { key: string; partSha256: string }[]): AsyncGenerator<Uint8Array> {
  for (const { key, partSha256 } of parts) yield* store.get({ key, sha256: partSha256 }) as AsyncIterable<Uint8Array>;
}

async function forget(db: Db, store: ObjectStore, upload: Upload, parts: readonly { key: string }[]): Promise<void> {
  await db.delete(objectParts).where(of(upload));
  for (const { key } of parts) await store.remove(key);
}
