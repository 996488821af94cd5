import { and, eq, inArray, ne, sql } from "drizzle-orm";
import type { z } from "zod";
import type { ArtifactManifest } from "../../../agent/protocol/messages.ts";
import type { Db } from "../../../db/client.ts";
import { newId } from "../../../db/schema/columns.ts";
import { artifacts, attempts, objects, runs } from "../../../db/schema/experiments.ts";
import { contentTypeOf, isCheckpointPath } from "../../../domain/experiments/artifact-path.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import type { Change } from "../../bus.ts";
import { failpoint } from "../../failpoint.ts";

/**
 * Lists an attempt's artifacts. Every object must be there, with the size that the manifest says. A repeat changes nothing.
 * @returns null when the attempt's fence is dead.
 * @throws DomainError "invalid" that names the file.
 */
export async function ingestManifest(db: Db, agent: { orgId: string; clusterId: string }, manifest: z.infer<typeof ArtifactManifest>): Promise<Change[] | null> {
  const { orgId } = agent;
  const changes = await db.transaction(async (tx) => {
    const of = and(eq(attempts.id, manifest.attemptId), eq(attempts.clusterId, agent.clusterId), ne(attempts.status, "lost"));
    const [owner] = await tx.select({ runId: attempts.runId }).from(attempts).where(of);
    if (!owner) return null;
    await tx.select({ id: runs.id }).from(runs).where(eq(runs.id, owner.runId)).for("key share"); // runs before attempts, as everybody locks them
    const [attempt] = await tx.select({ fence: attempts.fence, runId: attempts.runId }).from(attempts).where(of).for("share");
    if (!attempt || String(attempt.fence) !== manifest.fence) return null;
    const stored = new Map<string, number>();
    const hashes = [...new Set(manifest.files.map(({ sha256 }) => sha256))];
    for (let at = 0; at < hashes.length; at += 1000) {
      const rows = await tx.select({ sha256: objects.sha256, bytes: objects.bytes }).from(objects).where(and(eq(objects.orgId, orgId), inArray(objects.sha256, hashes.slice(at, at + 1000))));
      for (const row of rows) stored.set(row.sha256, row.bytes);
    }
    for (const [index, file] of manifest.files.entries()) {
      const bytes = stored.get(file.sha256);
      if (bytes === undefined) refuse(`files.${index}.sha256`, `The bytes of ${file.path} are not in the store yet. Send the object first.`);
      if (bytes !== file.bytes) refuse(`files.${index}.bytes`, `${file.path} has ${bytes} bytes in the store, not ${file.bytes}.`);
    }
    for (let at = 0; at < manifest.files.length; at += 1000) {
      await tx
        .insert(artifacts)
        .values(manifest.files.slice(at, at + 1000).map((file) => ({ id: newId("artifact"), orgId, runId: attempt.runId, attemptId: manifest.attemptId, ...file, contentType: contentTypeOf(file.path), isCheckpoint: isCheckpointPath(file.path) })))
        .onConflictDoUpdate({ target: [artifacts.runId, artifacts.attemptId, artifacts.path], set: { sha256: sql`excluded.sha256`, bytes: sql`excluded.bytes`, updatedAt: sql`now()` } });
    }
    failpoint("server.artifacts.before-commit");
    return [{ orgId, topic: "run", id: attempt.runId }];
  });
  failpoint("server.artifacts.after-commit");
  return changes;
}

function refuse(field: string, message: string): never {
  throw new DomainError("invalid", message, { issues: [{ field, message }] });
}
