import { and, eq, inArray, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { runs, runTags } from "../../../db/schema/experiments.ts";
import { reaches } from "../../../domain/access/roles.ts";
import { canMove } from "../../../domain/experiments/run-status.ts";
import type { ArchiveRuns, TagRuns } from "../../../domain/experiments/table-inputs.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { reachedProjects } from "../queries/visible.ts";

/** What a bulk act did, run by run: with it, it can be undone. */
export interface TagsBefore {
  id: string;
  /** Values that were there before; null: there was none. */
  before: Record<string, string | null>;
}

/** Sets and removes tags of several runs at once, all or none. */
export async function tagRuns(ctx: Ctx, { ids, set, remove }: TagRuns): Promise<TagsBefore[]> {
  const keys = [...new Set([...Object.keys(set), ...remove])];
  if (keys.length === 0) return [];
  const done = await ctx.db.transaction(async (tx) => {
    const locked = await lockRuns(tx, ctx, ids);
    const old = await tx.select().from(runTags).where(and(inArray(runTags.runId, locked.map(({ id }) => id)), inArray(runTags.key, keys)));
    const values = new Map(old.map(({ runId, key, value }) => [`${runId} ${key}`, value]));
    const gone = remove.filter((key) => !Object.hasOwn(set, key));
    if (gone.length > 0) await tx.delete(runTags).where(and(inArray(runTags.runId, locked.map(({ id }) => id)), inArray(runTags.key, gone)));
    const rows = locked.flatMap(({ id }) => Object.entries(set).map(([key, value]) => ({ runId: id, key, value })));
    for (let at = 0; at < rows.length; at += 1000) await tx.insert(runTags).values(rows.slice(at, at + 1000)).onConflictDoUpdate({ target: [runTags.runId, runTags.key], set: { value: sql`excluded.value` } });
    for (const run of locked) {
      const before = Object.fromEntries(keys.map((key) => [key, values.get(`${run.id} ${key}`) ?? null]));
      const after = Object.fromEntries(keys.map((key) => [key, set[key] ?? null]));
      await audit(tx, ctx, { action: "run.tag", target: { type: "run", id: run.id, name: run.name }, projectId: run.projectId, before, after });
    }
    return locked.map(({ id }) => ({ id, before: Object.fromEntries(keys.map((key) => [key, values.get(`${id} ${key}`) ?? null])) }));
  });
  await tell(ctx, done.map(({ id }) => id));
  return done;
}

/** Out of the lists, or back. Only what has ended: what still runs must be seen. @throws DomainError "conflict" naming the first that has not. */
export async function archiveRuns(ctx: Ctx, { ids, archived }: ArchiveRuns): Promise<{ changed: string[] }> {
  const changed = await ctx.db.transaction(async (tx) => {
    const locked = await lockRuns(tx, ctx, ids);
    const live = archived ? locked.find(({ status, origin }) => origin === "submitted" && (canMove(status, "cancel") || status === "cancelling")) : undefined;
    if (live) throw new DomainError("conflict", `${live.name} has not ended: cancel it first.`);
    const wrong = locked.filter(({ deletedAt }) => (deletedAt !== null) !== archived);
    if (wrong.length > 0) await tx.update(runs).set({ deletedAt: archived ? sql`now()` : null }).where(inArray(runs.id, wrong.map(({ id }) => id)));
    for (const run of wrong) await audit(tx, ctx, { action: archived ? "run.archive" : "run.unarchive", target: { type: "run", id: run.id, name: run.name }, projectId: run.projectId });
    return wrong.map(({ id }) => id);
  });
  await tell(ctx, changed);
  return { changed };
}

/** In the order of their ids, as everybody locks them. @throws DomainError "not_found" when one is missing or out of reach, "forbidden" when one may only be seen. */
async function lockRuns(tx: Tx, ctx: Ctx, ids: string[]) {
  const seen = ctx.grantFor("runs:read") ?? ctx.grant;
  const found = await tx
    .select({ id: runs.id, name: runs.name, status: runs.status, origin: runs.origin, deletedAt: runs.deletedAt, projectId: runs.projectId, teamId: projects.teamId })
    .from(runs)
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .where(and(eq(runs.orgId, ctx.orgId), inArray(runs.id, ids), reachedProjects(seen)))
    .orderBy(runs.id)
    .for("no key update", { of: runs });
  if (found.length < new Set(ids).size) throw notFound();
  const closed = found.find(({ projectId, teamId }) => !reaches(ctx.grant, { id: projectId, teamId }));
  if (closed) throw new DomainError("forbidden", `Changing ${closed.name} needs the permission runs:annotate in its project.`);
  return found;
}

const tell = (ctx: Ctx, ids: string[]) => bus().publishNow(ids.map((id) => ({ orgId: ctx.orgId, topic: "run", id })));
