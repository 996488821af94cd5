import { and, eq, isNull, or, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { newId } from "../../../db/schema/columns.ts";
import { artifacts } from "../../../db/schema/experiments.ts";
import { loggedModelFiles } from "../../../db/schema/models.ts";
import { contentTypeOf, isCheckpointPath, isEventFile } from "../../../domain/experiments/artifact-path.ts";
import { enqueue } from "../../jobs/queue.ts";
import type { Bytes, ObjectStore, PutOptions } from "../object-store.ts";
import type { FileOwner } from "../queries/artifact-tree.ts";
import { storeObject } from "./objects.ts";

/**
 * A file that a client logs: the bytes first, then the path that names them. The same path again names the newer bytes.
 * Logging is what runs do all the time: no audit entry.
 */
export async function putClientFile(db: Db, store: ObjectStore, where: { orgId: string; owner: FileOwner; path: string }, bytes: Bytes, options: PutOptions): Promise<{ sha256: string; bytes: number }> {
  const { orgId, owner, path } = where;
  const { sha256, bytes: size } = await storeObject(db, store, { orgId, kind: "artifact" }, bytes, options);
  const file = { orgId, path, sha256, bytes: size, contentType: contentTypeOf(path) };
  const newer = { sha256: sql`excluded.sha256`, bytes: sql`excluded.bytes`, createdAt: sql`now()`, updatedAt: sql`now()` };
  if (owner.kind === "model") {
    await db.insert(loggedModelFiles).values({ id: newId("modelFile"), modelId: owner.id, ...file }).onConflictDoUpdate({ target: [loggedModelFiles.modelId, loggedModelFiles.path], set: newer });
  } else {
    await db.insert(artifacts).values({ id: newId("artifact"), runId: owner.id, ...file, isCheckpoint: isCheckpointPath(path), isEventFile: isEventFile(path) }).onConflictDoUpdate({ target: [artifacts.runId, artifacts.attemptId, artifacts.path], set: newer });
    if (isEventFile(path)) await enqueue(db, "experiments.readEventFiles", {}); // lost with its process, housekeeping finds the file
  }
  return { sha256, bytes: size };
}

/**
 * Forgets a file, or everything in a folder, of those that clients logged: what an attempt left stays with the attempt.
 * @param path Empty for all.
 * @returns how many.
 */
export async function deleteClientFiles(db: Db, orgId: string, owner: FileOwner, path: string): Promise<number> {
  if (owner.kind === "model") {
    const f = loggedModelFiles;
    const gone = await db.delete(f).where(and(eq(f.orgId, orgId), eq(f.modelId, owner.id), path === "" ? undefined : or(eq(f.path, path), sql`starts_with(${f.path}, ${`${path}/`})`))).returning({ id: f.id });
    return gone.length;
  }
  const gone = await db
    .delete(artifacts)
    .where(and(eq(artifacts.orgId, orgId), eq(artifacts.runId, owner.id), isNull(artifacts.attemptId), path === "" ? undefined : or(eq(artifacts.path, path), sql`starts_with(${artifacts.path}, ${`${path}/`})`)))
    .returning({ id: artifacts.id });
  return gone.length;
}
