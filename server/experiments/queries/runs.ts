import { and, count, desc, eq, getTableColumns, ilike, inArray, isNull, lt, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects, serviceAccounts, users } from "../../../db/schema/access.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { experiments, metricSummaries, runs, runTags } from "../../../db/schema/experiments.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import type { ListRuns, RunFilter } from "../../../domain/experiments/run-inputs.ts";
import { RunId } from "../../../domain/shared/ids.ts";
import { RUN_STATUSES, type RunStatus } from "../../../domain/experiments/run-status.ts";
import type { RunRow } from "../../../domain/experiments/run-view.ts";
import { reachedProjects } from "./visible.ts";
import { containing } from "../../like.ts";
import { runIdsSql } from "./search/filter-sql.ts";

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

const COLUMNS = {
  run: getTableColumns(runs),
  project: { id: projects.id, slug: projects.slug, name: projects.name, teamId: projects.teamId },
  experiment: { id: experiments.id, name: experiments.name },
  clusterName: clusters.name,
  ownerName: sql<string>`coalesce(${users.name}, ${serviceAccounts.name}, 'unknown')`,
};
export type FoundRun = Awaited<ReturnType<typeof findRuns>>[number];

/** Runs with the names a row shows. Newest first unless `order` says otherwise. */
export async function findRuns(db: DbOrTx, where: SQL | undefined, limit: number, order: SQL[] = [desc(runs.id)]) {
  return db
    .select(COLUMNS)
    .from(runs)
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .innerJoin(experiments, eq(experiments.id, runs.experimentId))
    .leftJoin(clusters, eq(clusters.id, runs.clusterId))
    .leftJoin(users, eq(users.id, runs.ownerId))
    .leftJoin(serviceAccounts, eq(serviceAccounts.id, runs.ownerId))
    .where(where)
    .orderBy(...order)
    .limit(limit);
}

/** Rows of a list: tags and newest metrics of all of them in two more queries, whatever the number of rows. */
export async function toRows(db: DbOrTx, found: FoundRun[]): Promise<RunRow[]> {
  const ids = found.map(({ run }) => run.id);
  const [tags, metrics] = ids.length > 0 ? await Promise.all([tagsOf(db, ids), newestMetricsOf(db, ids)]) : [new Map(), new Map()];
  return found.map((row) => toRow(row, tags.get(row.run.id) ?? {}, metrics.get(row.run.id) ?? []));
}

function toRow({ run, project, experiment, clusterName, ownerName }: FoundRun, tags: Record<string, string>, metrics: RunRow["metrics"]): RunRow {
  return {
    id: run.id,
    name: run.name,
    origin: run.origin,
    status: run.status,
    statusSince: run.statusSince,
    statusReason: run.statusReason,
    failureClass: run.failureClass,
    project: { id: project.id, slug: project.slug, name: project.name },
    experiment,
    cluster: run.clusterId && clusterName ? { id: run.clusterId, name: clusterName } : null,
    owner: { id: run.ownerId, name: ownerName },
    clientUser: run.clientUser,
    cpus: run.cpus,
    memoryMib: run.memoryMib,
    gpus: run.gpus,
    nodes: run.nodes,
    priority: run.priority,
    attemptCount: run.attemptCount,
    tags,
    metrics,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
  };
}

async function tagsOf(db: DbOrTx, ids: string[]): Promise<Map<string, Record<string, string>>> {
  const found = new Map<string, Record<string, string>>();
  for (const { runId, key, value } of await db.select().from(runTags).where(inArray(runTags.runId, ids)).orderBy(runTags.key)) {
    const tags = found.get(runId) ?? {};
    tags[key] = value;
    found.set(runId, tags);
  }
  return found;
}

async function newestMetricsOf(db: DbOrTx, ids: string[]): Promise<Map<string, RunRow["metrics"]>> {
  const rows = await db.execute<{ run_id: string; key: string; last: number }>(sql`
    select ids.run_id, newest.key, newest.last
    from unnest(array[${sql.join(ids.map((id) => sql`${id}`), sql`, `)}]::text[]) as ids(run_id)
    cross join lateral (
      select ${metricSummaries.key} as key, ${metricSummaries.last} as last from ${metricSummaries}
      where ${metricSummaries.runId} = ids.run_id order by ${metricSummaries.lastTime} desc, ${metricSummaries.key} limit 3
    ) newest`);
  const found = new Map<string, RunRow["metrics"]>();
  for (const { run_id, key, last } of rows) found.set(run_id, [...(found.get(run_id) ?? []), { key, last: Number(last) }]);
  return found;
}

function textCondition(text: string): SQL {
  const pair = /^([^=]+)=(.*)$/s.exec(text);
  if (!pair) return RunId.safeParse(text).success ? eq(runs.id, text) : ilike(runs.name, containing(text));
  const [key, value] = [pair[1]!.trim(), pair[2]!.trim()];
  const digest = sql`select ${runTags.runId} from ${runTags} where ${runTags.key} = ${key} and md5(${runTags.value}) = md5(${value}) and ${runTags.value} = ${value}`;
  return sql`${runs.id} in (${runIdsSql({ kind: "compare", entity: "params", key, op: "=", value }, null)!} union all ${digest})`;
}

/** What a filter says about the runs themselves; its project is the caller's to resolve. */
export const runConditions = (actorId: string, filter: RunFilter): (SQL | undefined)[] => [
  filter.experimentId ? eq(runs.experimentId, filter.experimentId) : undefined,
  filter.status?.length ? inArray(runs.status, filter.status) : undefined,
  filter.owner ? eq(runs.ownerId, actorId) : undefined,
  filter.text ? textCondition(filter.text) : undefined,
];

export function filterCondition(grant: Grant, actorId: string, filter: RunFilter): SQL {
  return and(eq(runs.orgId, grant.orgId), isNull(runs.deletedAt), reachedProjects(grant), filter.project ? eq(projects.slug, filter.project) : undefined, ...runConditions(actorId, filter))!;
}

/** Newest first. The last row's id is the next page's cursor; offsets would drift while runs arrive. */
export async function listRuns(db: DbOrTx, grant: Grant, actorId: string, { cursor, limit, ...filter }: ListRuns): Promise<Page<RunRow>> {
  const where = and(filterCondition(grant, actorId, filter), cursor ? lt(runs.id, cursor) : undefined);
  const found = await findRuns(db, where, limit + 1);
  const items = await toRows(db, found.slice(0, limit));
  return { items, nextCursor: found.length > limit ? items.at(-1)!.id : null };
}

export async function countRuns(db: DbOrTx, grant: Grant, project?: string): Promise<Record<RunStatus, number>> {
  const rows = await db
    .select({ status: runs.status, count: count() })
    .from(runs)
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .where(and(eq(runs.orgId, grant.orgId), isNull(runs.deletedAt), reachedProjects(grant), project ? eq(projects.slug, project) : undefined))
    .groupBy(runs.status);
  const counts = Object.fromEntries(RUN_STATUSES.map((status) => [status, 0])) as Record<RunStatus, number>;
  for (const row of rows) counts[row.status] = row.count;
  return counts;
}

export interface ExperimentGroup {
  id: string;
  name: string;
  project: { id: string; slug: string; name: string };
  runs: number;
  active: number;
  lastRunAt: Date | null;
}

/** Experiments with how many runs they hold, the one used last first; the 200 newest. Counts only those it shows. */
export async function listGroups(db: DbOrTx, grant: Grant, project?: string): Promise<ExperimentGroup[]> {
  const rows = await db.execute<{ id: string; name: string; project_id: string; slug: string; project_name: string; runs: number; active: number; last_run_at: number | null }>(sql`
    select shown.*, (select count(*)::int from ${runs} where ${runs.experimentId} = shown.id) as runs,
      (select count(*)::int from ${runs} where ${runs.experimentId} = shown.id and ${runs.orgId} = ${grant.orgId} and ${runs.status} not in ('succeeded','failed','cancelled')) as active
    from (
      select ${experiments.id} as id, ${experiments.name} as name, ${projects.id} as project_id, ${projects.slug} as slug, ${projects.name} as project_name,
        (extract(epoch from newest.created_at) * 1000)::float8 as last_run_at
      from ${experiments} join ${projects} on ${projects.id} = ${experiments.projectId}
      left join lateral (select ${runs.id} as id, ${runs.createdAt} as created_at from ${runs} where ${runs.experimentId} = ${experiments.id} order by ${runs.id} desc limit 1) newest on true
      where ${experiments.deletedAt} is null and ${reachedProjects(grant)} ${project ? sql`and ${projects.slug} = ${project}` : sql``}
      order by newest.id desc nulls last, ${experiments.id} desc limit 200
    ) shown`);
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    project: { id: row.project_id, slug: row.slug, name: row.project_name },
    runs: row.runs,
    active: row.active,
    lastRunAt: row.last_run_at === null ? null : new Date(row.last_run_at),
  }));
}
