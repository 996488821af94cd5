import { and, asc, desc, eq } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { artifacts, attempts, objects, runs } from "../../../db/schema/experiments.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import type { ArtifactView } from "../../../domain/experiments/run-view.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import type { ObjectStore } from "../object-store.ts";
import { getVisibleRun, reachedProjects } from "./visible.ts";

/** As many as one attempt may upload. */
const MAX_LISTED = 10_000;

/** Files of a run, the newest attempt's first, then by path. */
export async function listArtifacts(db: DbOrTx, grant: Grant, runId: string): Promise<ArtifactView[]> {
  await getVisibleRun(db, grant, runId);
  return db
    .select({
      id: artifacts.id,
      path: artifacts.path,
      bytes: artifacts.bytes,
      sha256: artifacts.sha256,
      contentType: artifacts.contentType,
      attemptNumber: attempts.number,
      createdAt: artifacts.createdAt,
    })
    .from(artifacts)
    .leftJoin(attempts, eq(attempts.id, artifacts.attemptId))
    .where(eq(artifacts.runId, runId))
    .orderBy(desc(attempts.number), asc(artifacts.path))
    .limit(MAX_LISTED);
}

/** @throws DomainError "not_found" when missing or out of reach. */
export async function getArtifact(db: DbOrTx, grant: Grant, id: string) {
  const [found] = await db
    .select({ path: artifacts.path, sha256: artifacts.sha256, key: objects.key, bytes: artifacts.bytes, contentType: artifacts.contentType })
    .from(artifacts)
    .innerJoin(objects, and(eq(objects.orgId, artifacts.orgId), eq(objects.sha256, artifacts.sha256)))
    .innerJoin(runs, eq(runs.id, artifacts.runId))
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .where(and(eq(artifacts.orgId, grant.orgId), eq(artifacts.id, id), reachedProjects(grant)))
    .limit(1);
  if (!found) throw notFound();
  return found;
}

/** Bytes of the organization, by their hash. */
export async function findObject(db: DbOrTx, orgId: string, sha256: string): Promise<{ sha256: string; key: string | null; bytes: number } | null> {
  const [found] = await db.select({ sha256: objects.sha256, key: objects.key, bytes: objects.bytes }).from(objects).where(and(eq(objects.orgId, orgId), eq(objects.sha256, sha256))).limit(1);
  return found ?? null;
}

/** The same where the store has them, too; null where it lost them: they may be sent again. */
export async function findStored(db: DbOrTx, store: ObjectStore, orgId: string, sha256: string): Promise<{ sha256: string; key: string | null; bytes: number } | null> {
  const found = await findObject(db, orgId, sha256);
  return found && (await store.has(found)) === found.bytes ? found : null;
}
