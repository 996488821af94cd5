import { and, eq, inArray, ne } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { attempts, objects, runs } from "../../../db/schema/experiments.ts";
import { DomainError } from "../../../domain/shared/errors.ts";

/**
 * An attempt of this agent's cluster whose fence still holds; null where it was given up.
 * @param run How its run is locked: "no key update" where it will be written, since two who share it cannot both go on to write.
 */
export async function lockLiveAttempt(tx: Tx, agent: { clusterId: string }, { attemptId, fence }: { attemptId: string; fence: string }, run: "key share" | "no key update" = "key share") {
  const of = and(eq(attempts.id, attemptId), eq(attempts.clusterId, agent.clusterId), ne(attempts.status, "lost"));
  const [owner] = await tx.select({ runId: attempts.runId }).from(attempts).where(of);
  if (!owner) return null;
  await tx.select({ id: runs.id }).from(runs).where(eq(runs.id, owner.runId)).for(run); // runs before attempts, as everybody locks them
  const [attempt] = await tx.select({ id: attempts.id, fence: attempts.fence, runId: attempts.runId, number: attempts.number, clusterId: attempts.clusterId }).from(attempts).where(of).for("share");
  return attempt && String(attempt.fence) === fence ? attempt : null;
}

/** Every object of a manifest must be in the store, with the size that it says. @throws DomainError "invalid" that names the file. */
export async function requireStored(tx: Tx, orgId: string, files: readonly { path: string; sha256: string; bytes: number }[]): Promise<void> {
  const stored = new Map<string, number>();
  const hashes = [...new Set(files.map(({ sha256 }) => sha256))];
  for (let at = 0; at < hashes.length; at += 1000) {
    const rows = await tx.select({ sha256: objects.sha256, bytes: objects.bytes }).from(objects).where(and(eq(objects.orgId, orgId), inArray(objects.sha256, hashes.slice(at, at + 1000))));
    for (const row of rows) stored.set(row.sha256, row.bytes);
  }
  for (const [index, file] of files.entries()) {
    const bytes = stored.get(file.sha256);
    if (bytes === undefined) refuse(`files.${index}.sha256`, `The bytes of ${file.path} are not in the store yet. Send the object first.`);
    if (bytes !== file.bytes) refuse(`files.${index}.bytes`, `${file.path} has ${bytes} bytes in the store, not ${file.bytes}.`);
  }
}

function refuse(field: string, message: string): never {
  throw new DomainError("invalid", message, { issues: [{ field, message }] });
}
