import { and, eq, isNull, or, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { newId } from "../../../db/schema/columns.ts";
import { artifacts } from "../../../db/schema/experiments.ts";
import { loggedModelFiles } from "../../../db/schema/models.ts";
import { contentTypeOf, isCheckpointPath, isEventFile } from "../../../domain/experiments/artifact-path.ts";
import { enqueue } from "../../jobs/queue.ts";
import type { Bytes, ObjectStore, PutOptions } from "../object-store.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { listPins, type Pin } from "../../models/queries/pinned.ts";
import { type FileOwner, findFile } from "../queries/artifact-tree.ts";
import { storeObject } from "./objects.ts";

const isWithin = (path: string, folder: string): boolean => folder === "" || path === folder || path.startsWith(`${folder}/`);

const stays = (what: string, { name, version }: Pin): DomainError =>
  new DomainError("conflict", `${what} belongs to version ${version} of ${name}, and the files of a registered version stay as they are. Log to another path, model or run and register that as the next version; or delete version ${version} first.`);

/** @throws DomainError "conflict" where a registered version would get other files by it. The same bytes again change nothing: that is a client's second try. */
async function refuseChange(db: Db, orgId: string, owner: FileOwner, file: { path: string; sha256: string }): Promise<void> {
  const pin = (await listPins(db, orgId, owner.id)).find(({ path }) => isWithin(file.path, path));
  if (!pin) return;
  const before = await findFile(db, orgId, owner, file.path);
  if (before?.sha256 === file.sha256) return;
  if (!before && pin.path === "" && owner.kind === "run") return; // a version of a whole run: what is logged later is the run's
  throw stays(file.path, pin);
}

/**
 * A file that a client logs: the bytes first, then the path that names them. The same path again names the newer bytes.
 * Logging is what runs do all the time: no audit entry.
 * @throws DomainError "conflict" for a file of a registered version, unless these are its bytes.
 */
export async function putClientFile(db: Db, store: ObjectStore, where: { orgId: string; owner: FileOwner; path: string }, bytes: Bytes, options: PutOptions): Promise<{ sha256: string; bytes: number }> {
  const { orgId, owner, path } = where;
  const { sha256, bytes: size } = await storeObject(db, store, { orgId, kind: "artifact" }, bytes, options);
  await refuseChange(db, orgId, owner, { path, sha256 });
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
 * @throws DomainError "conflict" where a registered version's files are among them.
 */
export async function deleteClientFiles(db: Db, orgId: string, owner: FileOwner, path: string): Promise<number> {
  const pin = (await listPins(db, orgId, owner.id)).find((one) => isWithin(path, one.path) || isWithin(one.path, path));
  if (pin) throw stays(path || "What is there", pin);
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
