import { randomInt } from "node:crypto";
import { eq, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { newId } from "../../../db/schema/columns.ts";
import { runEvents, runs, runTags } from "../../../db/schema/experiments.ts";
import { cut, fromMlflowStatus, MLFLOW_LIMITS, type MlflowStatus } from "../../../domain/experiments/mlflow-words.ts";
import { TERMINAL } from "../../../domain/experiments/run-status.ts";
import { audit } from "../../access/audit.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { holdOpen } from "./lock.ts";
import { holdAttempt } from "./made-runs.ts";
import { CREATED } from "../queries/mlflow-caller.ts";
import type { FoundRun } from "../queries/mlflow-experiments.ts";

/** The tag that carries a run's name beside the name itself, as clients read and write both. */
export const NAME_TAG = "mlflow.runName";
/** The tag by which clients nest runs. It is for people to see; nobody's rights come from it. */
export const PARENT_TAG = "mlflow.parentRunId";

interface NewRun {
  projectId: string;
  experiment: { id: string; name: string };
  name: string | null;
  user: string | null;
  startTime: number | null;
  tags: { key: string; value: string }[];
  /** Of one that the program of a run makes with that run's token: the attempt, and whose the run is. */
  inside: Inside | null;
}

interface Inside {
  attemptId: string;
  ownerType: "user" | "service_account";
  ownerId: string;
}

/**
 * A run that a client makes by itself: it runs from the start, elsewhere, and ends when the client says so.
 * @param claim Keeps, with the run, that this request made it.
 */
export async function createClientRun(ctx: Ctx, of: NewRun, claim: (tx: Tx, id: string) => Promise<void>): Promise<string> {
  const id = newId("run");
  const name = cut(of.name || of.tags.find(({ key }) => key === NAME_TAG)?.value || inventedName(), MLFLOW_LIMITS.runName);
  const startedAt = of.startTime === null ? new Date() : new Date(of.startTime);
  const tags = new Map([...of.tags.map(({ key, value }): [string, string] => [key, value]), [NAME_TAG, name] as [string, string]]);
  const owner = of.inside ?? { ownerType: ctx.actor.type === "service_account" ? "service_account" : "user", ownerId: ctx.actor.id };
  await ctx.db.transaction(async (tx) => {
    await claim(tx, id);
    await holdOpen(tx, of.projectId);
    if (of.inside) await holdAttempt(tx, of.inside.attemptId);
    await tx.insert(runs).values({
      id, orgId: ctx.orgId, projectId: of.projectId, experimentId: of.experiment.id, name, origin: "client", status: "running", clientUser: of.user,
      priority: 0, ownerType: owner.ownerType, ownerId: owner.ownerId, cpus: 0, memoryMib: 0, gpus: 0, nodes: 0, startedAt,
    });
    await tx.insert(runTags).values([...tags].map(([key, value]) => ({ runId: id, key, value })));
    await tx.insert(runEvents).values({ orgId: ctx.orgId, runId: id, attemptId: of.inside?.attemptId ?? null, kind: CREATED, actor: ctx.actor.name, message: of.inside ? `The program of the run ${ctx.actor.name} began to log it.` : "A client began to log it." });
    await audit(tx, ctx, { action: "run.create", target: { type: "run", id, name }, projectId: of.projectId, after: { name, experiment: of.experiment.name } });
  });
  await bus().publishNow([{ orgId: ctx.orgId, topic: "run", id }]);
  return id;
}

/**
 * What a client says of its run. The status of a run that Drover runs is the attempt's to say: a client that ends its own part
 * of it changes nothing there. Reported by the run's own program, like its metrics: in the timeline, not in the audit log.
 */
export async function updateClientRun(ctx: Ctx, run: FoundRun, change: { status: MlflowStatus | null; endTime: number | null; name: string | null }): Promise<void> {
  const status = run.origin === "client" && change.status ? fromMlflowStatus(change.status) : null;
  const ends = status !== null && TERMINAL.has(status);
  // Without a time, a run that has ended keeps the one that it ended at: its outcome is corrected, and it did not go on until now.
  const endedAt = change.endTime === null ? sql`coalesce(${runs.endedAt}, now())` : new Date(change.endTime);
  const corrects = status === null && change.endTime !== null && run.origin === "client" && TERMINAL.has(run.status);
  const set = { ...(change.name ? { name: change.name } : {}), ...(corrects ? { endedAt } : {}), ...(status ? { status, statusSince: sql`now()`, endedAt: ends ? endedAt : null, statusReason: null } : {}) };
  await ctx.db.transaction(async (tx) => {
    if (Object.keys(set).length > 0) await tx.update(runs).set(set).where(eq(runs.id, run.id));
    if (change.name) await putTag(tx, run.id, NAME_TAG, change.name);
    if (status && status !== run.status) {
      await tx.insert(runEvents).values({ orgId: run.orgId, runId: run.id, kind: ends ? "run.ended" : "run.resumed", actor: ctx.actor.name, message: `The client says: ${change.status!.toLowerCase()}.` });
    }
  });
  await bus().publishNow([{ orgId: run.orgId, topic: "run", id: run.id }]);
}

async function putTag(tx: Tx, runId: string, key: string, value: string): Promise<void> {
  await tx.insert(runTags).values({ runId, key, value }).onConflictDoUpdate({ target: [runTags.runId, runTags.key], set: { value: sql`excluded.value` } });
}

/** Out of the lists, or back. */
export async function setRunDeleted(ctx: Ctx, run: FoundRun, projectId: string, isDeleted: boolean): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await tx.update(runs).set({ deletedAt: isDeleted ? sql`now()` : null }).where(eq(runs.id, run.id));
    await audit(tx, ctx, { action: isDeleted ? "run.delete" : "run.restore", target: { type: "run", id: run.id, name: run.name }, projectId });
  });
  await bus().publishNow([{ orgId: run.orgId, topic: "run", id: run.id }]);
}

const FIRST = ["amber", "brisk", "calm", "clever", "dusty", "eager", "fair", "gentle", "keen", "lucid", "mellow", "nimble", "patient", "quiet", "rapid", "sunny", "swift", "tidy", "vivid", "wise"];
const SECOND = ["badger", "crane", "dolphin", "drover", "finch", "gazelle", "heron", "ibex", "lynx", "marten", "newt", "otter", "owl", "pike", "raven", "seal", "swan", "tern", "vole", "wren"];

/** For runs that got no name: easy to say, hardly ever twice. */
const inventedName = () => `${FIRST[randomInt(FIRST.length)]}-${SECOND[randomInt(SECOND.length)]}-${randomInt(1000)}`;
