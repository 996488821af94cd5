import { and, asc, desc, eq, isNotNull, isNull, lt, sql } from "drizzle-orm";
import type { CheckpointManifest, Restored } from "../../../agent/protocol/checkpoint.ts";
import type { Db, DbOrTx } from "../../../db/client.ts";
import { agents } from "../../../db/schema/agents.ts";
import { runCheckpointFiles, runCheckpoints } from "../../../db/schema/checkpoints.ts";
import { attempts, runEvents, runs } from "../../../db/schema/experiments.ts";
import { formatBytes, plural } from "../../../domain/shared/format.ts";
import type { Change } from "../../bus.ts";
import { failpoint } from "../../failpoint.ts";
import { lockLiveAttempt, requireStored } from "./manifests.ts";

/** An attempt that ended this long ago and still sends is not waited for: what it sent so far is what there is. */
const PATIENCE_MINUTES = 30;

interface Sender {
  orgId: string;
  clusterId: string;
}

/**
 * Keeps a run's checkpoint outside of its cluster, in place of the one before. A repeat changes nothing; an older attempt never
 * takes the place of a newer one.
 * @returns null when the attempt's fence is dead.
 * @throws DomainError "invalid" that names the file.
 */
export async function ingestCheckpoint(db: Db, agent: Sender, manifest: CheckpointManifest): Promise<Change[] | null> {
  const { orgId } = agent;
  const changes = await db.transaction(async (tx) => {
    const attempt = await lockLiveAttempt(tx, agent, manifest, "no key update");
    if (!attempt) return null;
    await requireStored(tx, orgId, manifest.files);
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    const head = { attemptId: attempt.id, attemptNumber: attempt.number, files: manifest.files.length, bytes };
    const [kept] = await tx.insert(runCheckpoints).values({ runId: attempt.runId, orgId, ...head }).onConflictDoUpdate({ target: runCheckpoints.runId, set: { ...head, storedAt: sql`now()` }, setWhere: sql`${runCheckpoints.attemptNumber} <= excluded.attempt_number` }).returning({ runId: runCheckpoints.runId });
    if (!kept) return [];
    await tx.delete(runCheckpointFiles).where(eq(runCheckpointFiles.runId, attempt.runId));
    for (let at = 0; at < manifest.files.length; at += 1000) await tx.insert(runCheckpointFiles).values(manifest.files.slice(at, at + 1000).map((file) => ({ runId: attempt.runId, orgId, ...file })));
    await tx.update(runs).set({ checkpointClusterId: attempt.clusterId }).where(eq(runs.id, attempt.runId));
    if (manifest.final) await noteOnce(tx, { orgId, runId: attempt.runId, attemptId: attempt.id, kind: "checkpoint.stored", message: `Its checkpoint is kept outside of the cluster: ${plural(manifest.files.length, "file")}, ${formatBytes(bytes)}.` });
    failpoint("server.checkpoint.before-commit");
    return [{ orgId, topic: "run", id: attempt.runId }];
  });
  failpoint("server.checkpoint.after-commit");
  return changes;
}

/** What an attempt goes on from. @returns null when its fence is dead. */
export async function readRestore(db: Db, agent: Sender, wanted: { attemptId: string; fence: string }): Promise<{ restored: Omit<Restored, "serverTime">; changes: Change[] } | null> {
  return db.transaction(async (tx) => {
    const attempt = await lockLiveAttempt(tx, agent, wanted);
    if (!attempt) return null;
    const changes = [{ orgId: agent.orgId, topic: "run", id: attempt.runId }];
    const note = (kind: string, message: string) => noteOnce(tx, { orgId: agent.orgId, runId: attempt.runId, attemptId: attempt.id, kind, message });
    const sending = await senderOf(tx, attempt);
    if (sending !== null) {
      await note("checkpoint.awaited", `Waits until attempt ${sending} has sent its checkpoint.`);
      return { restored: { ready: false, attemptNumber: null, files: [] }, changes };
    }
    const [head] = await tx.select().from(runCheckpoints).where(eq(runCheckpoints.runId, attempt.runId)).limit(1);
    if (!head) {
      await note("checkpoint.missing", "No checkpoint was kept outside of the cluster where it ran before: it goes on from what lies on this one, if anything does.");
      return { restored: { ready: true, attemptNumber: null, files: [] }, changes };
    }
    const files = await tx.select({ path: runCheckpointFiles.path, sha256: runCheckpointFiles.sha256, bytes: runCheckpointFiles.bytes }).from(runCheckpointFiles).where(eq(runCheckpointFiles.runId, attempt.runId)).orderBy(asc(runCheckpointFiles.path));
    await note("checkpoint.restored", `Goes on from the checkpoint of attempt ${head.attemptNumber}: ${plural(head.files, "file")}, ${formatBytes(head.bytes)}.`);
    return { restored: { ready: true, attemptNumber: head.attemptNumber, files }, changes };
  });
}

/** The attempt that ran last before this one, where it ended a moment ago on a cluster in reach and has not sent everything. Those that never started have nothing to send. */
async function senderOf(tx: DbOrTx, attempt: { runId: string; number: number }): Promise<number | null> {
  const [before] = await tx
    .select({ number: attempts.number, pending: sql<boolean>`${attempts.endedAt} > now() - make_interval(mins => ${PATIENCE_MINUTES}) and ${attempts.drainedAt} is null and ${attempts.status} <> 'lost'`, reachable: sql<boolean>`${agents.id} is not null` })
    .from(attempts)
    .leftJoin(agents, and(eq(agents.clusterId, attempts.clusterId), isNull(agents.revokedAt), isNull(agents.unreachableSince)))
    .where(and(eq(attempts.runId, attempt.runId), lt(attempts.number, attempt.number), isNotNull(attempts.startedAt)))
    .orderBy(desc(attempts.number))
    .limit(1);
  return before?.pending === true && before.reachable ? before.number : null;
}

/** A step that may be repeated stands once in the timeline. */
async function noteOnce(tx: DbOrTx, event: typeof runEvents.$inferInsert & { attemptId: string }): Promise<void> {
  const [told] = await tx.select({ id: runEvents.id }).from(runEvents).where(and(eq(runEvents.runId, event.runId), eq(runEvents.attemptId, event.attemptId), eq(runEvents.kind, event.kind))).limit(1);
  if (!told) await tx.insert(runEvents).values({ actor: "agent", ...event });
}
