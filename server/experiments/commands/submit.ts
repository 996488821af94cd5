import { and, eq, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { newId } from "../../../db/schema/columns.ts";
import { experiments, objects, runEvents, runParams, runs, runTags } from "../../../db/schema/experiments.ts";
import type { ClusterSnapshot } from "../../../domain/agents/placement.ts";
import { unsupportedFields } from "../../../domain/clusters/capabilities.ts";
import type { SubmitRun } from "../../../domain/experiments/run-inputs.ts";
import type { RunSpec } from "../../../domain/experiments/run-spec.ts";
import type { Plan } from "../../../domain/experiments/run-view.ts";
import { DomainError, type FieldIssue } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import { missingSecrets } from "../../access/commands/secrets.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { takeHolds } from "../../costs/commands/holds.ts";
import { planCost } from "../../costs/queries/estimate.ts";
import { planFor } from "../queries/plan.ts";
import { loadSchedulers, schedulerIssues } from "../queries/schedulers.ts";
import { holdOpen } from "./lock.ts";
import { getProject } from "../queries/visible.ts";

/**
 * Queue a run. Everything that can be known to be wrong is refused here, by field.
 * @throws DomainError "invalid" with issues; "limit_reached" where a budget does not take it.
 */
export async function submitRun(ctx: Ctx, { spec, idempotencyKey }: SubmitRun): Promise<{ id: string; plan: Plan }> {
  const project = await getProject(ctx.db, ctx.grant, spec.project).catch(() => refuse("project", "There is no such project, or you may not submit to it."));
  const both = spec.secrets.find((name) => name in spec.env);
  if (both) refuse("secrets", `${both} is in env too. Take it out of one of the two.`);
  const missing = await missingSecrets(ctx.db, project.id, spec.secrets);
  if (missing.length > 0) refuse("secrets", `${spec.project} has no secret ${missing.join(", ")}. Set it first: drover secrets set ${missing[0]} --project ${spec.project}`);
  const [schedulers, { plan, found, clusters }] = await Promise.all([loadSchedulers(ctx.db, ctx.orgId), planFor(ctx.db, ctx.orgId, spec, Date.now(), { project, ownerId: ctx.actor.id, grant: ctx.grant })]);
  refuseUnsupported(spec, clusters, schedulers);
  const { id, isNew } = await ctx.db.transaction(async (tx) => {
    await requireCode(tx, ctx.orgId, spec);
    const inserted = await insertRun(tx, ctx, project.id, spec, idempotencyKey ?? null);
    const payer = { orgId: ctx.orgId, teamId: project.teamId, projectId: project.id, ownerId: ctx.actor.id };
    if (inserted.isNew) await Promise.all([describeRun(tx, ctx, inserted, project.id, spec), takeHolds(tx, payer, inserted.id, found)]);
    return inserted;
  });
  if (isNew) await bus().publishNow([{ orgId: ctx.orgId, topic: "queue", id: ctx.orgId }, { orgId: ctx.orgId, topic: "run", id }]);
  return { id, plan: { ...plan, cost: await planCost(ctx.db, found, null) } };
}

function refuse(field: string, message: string): never {
  throw new DomainError("invalid", `${field}: ${message}`, { issues: [{ field, message }] });
}

/** Locks it, so that nothing removes the archive before the run that needs it is there. */
async function requireCode(tx: Tx, orgId: string, { code }: RunSpec): Promise<void> {
  if (code?.kind !== "archive") return;
  const [found] = await tx.select({ bytes: objects.bytes }).from(objects).where(and(eq(objects.orgId, orgId), eq(objects.sha256, code.sha256))).for("key share");
  if (!found) refuse("code.sha256", "This archive was not uploaded. PUT it to /api/code/<sha256> first.");
  if (found.bytes !== code.bytes) refuse("code.bytes", `The uploaded archive has ${found.bytes} bytes.`);
}

/** @throws DomainError "invalid" when the named cluster does not exist, or none that the spec allows, of those that ever said what they can, honours it. */
export function refuseUnsupported(spec: RunSpec, clusters: ClusterSnapshot[], schedulers: Awaited<ReturnType<typeof loadSchedulers>>): void {
  if (spec.cluster && !clusters.some(({ slug }) => slug === spec.cluster)) {
    const known = clusters.map(({ slug }) => slug).join(", ");
    refuse("cluster", `There is no cluster ${spec.cluster}. ${known ? `Known: ${known}.` : "None is connected yet."}`);
  }
  const allowed = clusters.filter((one) => (!spec.cluster || one.slug === spec.cluster) && (spec.constraints.regions.length === 0 || spec.constraints.regions.includes(one.region)));
  if (clusters.length > 0 && allowed.length === 0) refuse("constraints.regions", `No cluster is in ${spec.constraints.regions.join(" or ")}. Known: ${[...new Set(clusters.map(({ region }) => region))].join(", ")}.`);
  const told = allowed.filter((one) => one.capabilities && one.driver);
  if (told.length === 0) return; // none has ever said what it can: one of them may yet honour it
  const { drivers } = spec.constraints;
  const able = told.filter((one) => drivers.length === 0 || drivers.includes(one.driver!));
  if (able.length === 0) refuse("constraints.drivers", `No cluster runs ${drivers.join(" or ")}. Known: ${[...new Set(told.map(({ driver }) => driver))].join(", ")}.`);
  const answers = able.map((one) => {
    const issues = unsupportedFields(spec, one.capabilities!);
    return { one, issues: issues.length === 0 && one.driver === "slurm" ? schedulerIssues(spec, schedulers.get(one.id)) : issues };
  });
  if (answers.some(({ issues }) => issues.length === 0)) return;
  const nearest = answers.sort((a, b) => a.issues.length - b.issues.length)[0]!;
  const issues: FieldIssue[] = nearest.issues;
  throw new DomainError("invalid", `${able.length === 1 ? nearest.one.name : "No cluster"} cannot honour this. ${issues[0]!.field}: ${issues[0]!.message}`, { issues });
}

async function insertRun(tx: Tx, ctx: Ctx, projectId: string, spec: RunSpec, idempotencyKey: string | null): Promise<{ id: string; experimentId: string; isNew: boolean }> {
  const { resources } = spec;
  await holdOpen(tx, projectId);
  const experimentId = await upsertExperiment(tx, ctx.orgId, projectId, spec.experiment);
  const [run] = await tx
    .insert(runs)
    .values({
      orgId: ctx.orgId,
      projectId,
      experimentId,
      name: spec.name,
      spec,
      priority: spec.priority,
      ownerType: ctx.actor.type === "service_account" ? "service_account" : "user",
      ownerId: ctx.actor.id,
      cpus: resources.cpus,
      memoryMib: resources.memory,
      gpus: resources.gpus,
      nodes: resources.nodes,
      idempotencyKey,
    })
    .onConflictDoNothing({ target: [runs.orgId, runs.ownerId, runs.idempotencyKey] })
    .returning({ id: runs.id });
  return run ? { id: run.id, experimentId, isNew: true } : { id: await earlierRun(tx, ctx, spec, idempotencyKey!), experimentId, isNew: false };
}

async function describeRun(tx: Tx, ctx: Ctx, { id, experimentId }: { id: string; experimentId: string }, projectId: string, spec: RunSpec): Promise<void> {
  const { name, experiment, resources, cluster, priority } = spec;
  const params = Object.entries(spec.params).map(([key, value]) => ({ runId: id, key, value: String(value), experimentId }));
  const tags = Object.entries(spec.tags).map(([key, value]) => ({ runId: id, key, value }));
  await Promise.all([
    params.length > 0 && tx.insert(runParams).values(params),
    tags.length > 0 && tx.insert(runTags).values(tags),
    tx.insert(runEvents).values({ orgId: ctx.orgId, runId: id, kind: "run.submitted", actor: ctx.actor.name, message: "Submitted." }),
    audit(tx, ctx, { action: "run.submit", target: { type: "run", id, name }, projectId, after: { name, experiment, resources, cluster, priority } }),
  ]);
}

/** The run that this key stands for. @throws DomainError "conflict" where it is another one: its changes would be left out without a word. */
async function earlierRun(tx: Tx, ctx: Ctx, spec: RunSpec, idempotencyKey: string): Promise<string> {
  const asked = sql`${JSON.stringify(spec)}::text::jsonb`;
  const wasMoved = sql`exists (select 1 from ${runEvents} where ${runEvents.runId} = ${runs}.id and ${runEvents.kind} = 'run.moved')`;
  const isSame = sql<boolean>`${runs}.spec = ${asked} or (${runs}.spec - 'cluster' = ${asked} - 'cluster' and ${wasMoved})`;
  const [found] = await tx.select({ id: runs.id, name: runs.name, isSame }).from(runs).where(and(eq(runs.orgId, ctx.orgId), eq(runs.ownerId, ctx.actor.id), eq(runs.idempotencyKey, idempotencyKey)));
  if (!found) throw new DomainError("conflict", "Another submit with this key is under way. Try again.");
  if (found.isSame) return found.id;
  const message = `The run ${found.name} (${found.id}) was submitted under this key, and asked for something else. Nothing was submitted now.`;
  throw new DomainError("conflict", message, { issues: [{ field: "idempotencyKey", message }] });
}

async function upsertExperiment(tx: Tx, orgId: string, projectId: string, name: string): Promise<string> {
  const [row] = await tx
    .insert(experiments)
    .values({ id: newId("experiment"), orgId, projectId, name })
    .onConflictDoUpdate({ target: [experiments.projectId, experiments.name], set: { updatedAt: sql`now()` } })
    .returning({ id: experiments.id });
  return row!.id;
}
