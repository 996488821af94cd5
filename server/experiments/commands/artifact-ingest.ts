import { sql } from "drizzle-orm";
import type { z } from "zod";
import type { ArtifactManifest } from "../../../agent/protocol/messages.ts";
import type { Db } from "../../../db/client.ts";
import { newId } from "../../../db/schema/columns.ts";
import { artifacts } from "../../../db/schema/experiments.ts";
import { contentTypeOf, isCheckpointPath, isEventFile } from "../../../domain/experiments/artifact-path.ts";
import type { Change } from "../../bus.ts";
import { failpoint } from "../../failpoint.ts";
import { enqueue } from "../../jobs/queue.ts";
import { lockLiveAttempt, requireStored } from "./manifests.ts";

/**
 * Lists an attempt's artifacts. Every object must be there, with the size that the manifest says. A repeat changes nothing.
 * @returns null when the attempt's fence is dead.
 * @throws DomainError "invalid" that names the file.
 */
export async function ingestManifest(db: Db, agent: { orgId: string; clusterId: string }, manifest: z.infer<typeof ArtifactManifest>): Promise<Change[] | null> {
  const { orgId } = agent;
  const changes = await db.transaction(async (tx) => {
    const attempt = await lockLiveAttempt(tx, agent, manifest);
    if (!attempt) return null;
    await requireStored(tx, orgId, manifest.files);
    for (let at = 0; at < manifest.files.length; at += 1000) {
      await tx
        .insert(artifacts)
        .values(manifest.files.slice(at, at + 1000).map((file) => ({ id: newId("artifact"), orgId, runId: attempt.runId, attemptId: manifest.attemptId, ...file, contentType: contentTypeOf(file.path), isCheckpoint: isCheckpointPath(file.path), isEventFile: isEventFile(file.path) })))
        .onConflictDoUpdate({ target: [artifacts.runId, artifacts.attemptId, artifacts.path], set: { sha256: sql`excluded.sha256`, bytes: sql`excluded.bytes`, updatedAt: sql`now()` } });
    }
    if (manifest.files.some(({ path }) => isEventFile(path))) await enqueue(tx, "experiments.readEventFiles", {});
    failpoint("server.artifacts.before-commit");
    return [{ orgId, topic: "run", id: attempt.runId }];
  });
  failpoint("server.artifacts.after-commit");
  return changes;
}
