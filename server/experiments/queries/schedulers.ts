import { eq } from "drizzle-orm";
import { SlurmOverrides } from "../../../agent/protocol/slurm.ts";
import type { DbOrTx } from "../../../db/client.ts";
import { clusterSchedulers } from "../../../db/schema/clusters.ts";
import { type Surroundings, unknownNames } from "../../../domain/agents/scheduler.ts";
import type { RunSpec } from "../../../domain/experiments/run-spec.ts";
import type { FieldIssue } from "../../../domain/shared/errors.ts";

/** What the schedulers of an organization have, by cluster, as their agents last told. */
export async function loadSchedulers(db: DbOrTx, orgId: string): Promise<ReadonlyMap<string, Surroundings>> {
  const rows = await db.select({ id: clusterSchedulers.clusterId, report: clusterSchedulers.report }).from(clusterSchedulers).where(eq(clusterSchedulers.orgId, orgId));
  return new Map(rows.map(({ id, report }) => [id, report]));
}

/** What a scheduler would refuse of a run, known before anything is queued. */
export function schedulerIssues(spec: RunSpec, scheduler: Surroundings | undefined): FieldIssue[] {
  const asked = SlurmOverrides.safeParse(spec.overrides.slurm ?? {});
  if (!asked.success) return asked.error.issues.map(({ path, message }) => ({ field: ["overrides", "slurm", ...path].join("."), message }));
  return scheduler ? unknownNames(asked.data, spec.maxDuration, scheduler) : [];
}
