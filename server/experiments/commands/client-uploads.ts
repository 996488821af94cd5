import { and, asc, eq, gt, isNull, lt, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { newId } from "../../../db/schema/columns.ts";
import { clientUploadParts, clientUploads } from "../../../db/schema/uploads.ts";
import { MAX_FILE_BYTES } from "../../../domain/experiments/mlflow-artifact-path.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import type { Bytes, ObjectStore } from "../object-store.ts";
import type { FileOwner } from "../queries/artifact-tree.ts";
import { putClientFile } from "./client-files.ts";
import { joined, PARTS_KEPT_HOURS } from "./object-parts.ts";

/** A file that comes in parts: whose, and where it will lie. */
export interface UploadPlace {
  orgId: string;
  owner: FileOwner;
  path: string;
}

/** As stores that speak S3 have it, and as its clients count. */
export const MAX_PARTS = 10_000;
const YOUNGEST = sql`now() - make_interval(hours => ${PARTS_KEPT_HOURS})`;

const invalid = (field: string, message: string) => new DomainError("invalid", message, { issues: [{ field, message }] });
const gone = (id: string) => new DomainError("not_found", `There is no upload ${id} of this file. An upload is kept for ${PARTS_KEPT_HOURS} hours: begin anew.`);

/** Begins an upload. Those that nobody went on with for too long are forgotten; their bytes are collected. */
export async function beginUpload(db: Db, { orgId, owner, path }: UploadPlace, parts: number): Promise<string> {
  if (!Number.isInteger(parts) || parts < 1 || parts > MAX_PARTS) throw invalid("num_parts", `Invalid value for parameter 'num_parts': expected 1 to ${MAX_PARTS}.`);
  await db.delete(clientUploads).where(and(eq(clientUploads.orgId, orgId), lt(clientUploads.createdAt, YOUNGEST)));
  const id = newId("clientUpload");
  await db.insert(clientUploads).values({ id, orgId, ownerId: owner.id, path, parts });
  return id;
}

/** @throws DomainError "not_found" for an upload that is not of this file. */
async function uploadOf(db: Db, { orgId, owner, path }: UploadPlace, id: string) {
  const [upload] = await db.select().from(clientUploads).where(and(eq(clientUploads.orgId, orgId), eq(clientUploads.id, id), eq(clientUploads.ownerId, owner.id), eq(clientUploads.path, path), gt(clientUploads.createdAt, YOUNGEST)));
  if (!upload) throw gone(id);
  return upload;
}

/** One part. The same number again names the newer bytes. @returns the hash of what came, by which the client names it. */
export async function takeUploadPart(db: Db, store: ObjectStore, place: UploadPlace, { id, number }: { id: string; number: number }, bytes: Bytes): Promise<string> {
  const upload = await uploadOf(db, place, id);
  if (!Number.isInteger(number) || number < 1 || number > upload.parts) throw invalid("part_number", `Invalid value for parameter 'part_number': this upload has the parts 1 to ${upload.parts}.`);
  if (upload.completedAt) throw new DomainError("conflict", "This upload is complete.");
  const { key, sha256, bytes: size } = await store.put(place.orgId, bytes, { maxBytes: MAX_FILE_BYTES });
  const [before] = await db.select({ key: clientUploadParts.key }).from(clientUploadParts).where(and(eq(clientUploadParts.uploadId, id), eq(clientUploadParts.number, number)));
  const newer = { key, sha256, bytes: size };
  await db.insert(clientUploadParts).values({ uploadId: id, number, ...newer }).onConflictDoUpdate({ target: [clientUploadParts.uploadId, clientUploadParts.number], set: newer });
  if (before) await store.remove(before.key);
  return sha256;
}

/** What a client says it sent: parts by number, each with the hash that it was given. */
export type SentPart = { number: number; sha256: string };

/** Uploads that this process puts together now: a client that asks again while it waits gets the same answer. */
const underWay = new Map<string, Promise<void>>();

/**
 * Makes the file of its parts, each read back and checked against its hash. Asked again, it is as if it had just been done.
 * @throws DomainError "invalid" naming a part that is missing, or that is not what the client was told.
 */
export async function completeUpload(db: Db, store: ObjectStore, place: UploadPlace, id: string, sent: readonly SentPart[]): Promise<void> {
  const upload = await uploadOf(db, place, id);
  if (upload.completedAt) return;
  const started = underWay.get(id) ?? putTogether(db, store, place, upload, sent).finally(() => underWay.delete(id));
  underWay.set(id, started);
  await started;
}

async function putTogether(db: Db, store: ObjectStore, place: UploadPlace, { id, parts: count }: { id: string; parts: number }, sent: readonly SentPart[]): Promise<void> {
  const parts = await partsOf(db, id);
  const told = new Map(sent.map(({ number, sha256 }) => [number, sha256]));
  for (let number = 1; number <= count; number += 1) {
    const part = parts[number - 1];
    if (part?.number !== number) throw invalid("parts", `Part ${number} of ${count} has not come.`);
    if (told.get(number) !== part.sha256) throw invalid("parts", `Part ${number} of ${count} is not the one that is named: its etag is "${part.sha256}".`);
  }
  await putClientFile(db, store, place, joined(store, parts.map(({ key, sha256 }) => ({ key, partSha256: sha256 }))), { maxBytes: MAX_FILE_BYTES });
  await db.update(clientUploads).set({ completedAt: sql`now()` }).where(eq(clientUploads.id, id));
  await forgetParts(db, store, id, parts);
}

const partsOf = (db: Db, id: string) => db.select().from(clientUploadParts).where(eq(clientUploadParts.uploadId, id)).orderBy(asc(clientUploadParts.number));

async function forgetParts(db: Db, store: ObjectStore, id: string, parts: readonly { key: string }[]): Promise<void> {
  await db.delete(clientUploadParts).where(eq(clientUploadParts.uploadId, id));
  for (const { key } of parts) await store.remove(key);
}

/** Nothing of it stays. What is complete, or was never begun, is left as it is. */
export async function abortUpload(db: Db, store: ObjectStore, { orgId, owner, path }: UploadPlace, id: string): Promise<void> {
  const parts = await partsOf(db, id);
  const ended = await db.delete(clientUploads).where(and(eq(clientUploads.orgId, orgId), eq(clientUploads.id, id), eq(clientUploads.ownerId, owner.id), eq(clientUploads.path, path), isNull(clientUploads.completedAt))).returning({ id: clientUploads.id });
  if (ended.length > 0) for (const { key } of parts) await store.remove(key);
}
