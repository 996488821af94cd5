import { and, desc, eq, sql, type SQL } from "drizzle-orm";
import type { AnyPgColumn, PgTable } from "drizzle-orm/pg-core";
import type { DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { runCheckpointFiles, runCheckpoints } from "../../../db/schema/checkpoints.ts";
import { artifacts, attempts, logChunks, logHeads, objects, runEvents, runs, runTags } from "../../../db/schema/experiments.ts";
import { loggedModelFiles, loggedModels, modelVersions } from "../../../db/schema/models.ts";
import { retentionRules } from "../../../db/schema/retention.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import { type Expired, KEEP_TAG, RETENTION_RULES, type RetentionRule, RetentionRules, type StorageUse, UNUSED_HOURS } from "../../../domain/experiments/retention.ts";
import type { AskRemoval } from "../../../domain/experiments/run-inputs.ts";
import { getVisibleRun } from "./visible.ts";

export async function loadRetentionRules(db: DbOrTx, orgId: string): Promise<RetentionRules> {
  const [row] = await db.select({ rules: retentionRules.rules }).from(retentionRules).where(eq(retentionRules.orgId, orgId));
  return RetentionRules.parse(row?.rules ?? {});
}

/** What a rule covers, and whose it is. */
export interface Shelf {
  /** A query of `owner` and `bytes`, a row for each file or log. */
  held: SQL;
  /** Statements that take all of one owner's away; the first of them answers with how many `files` and `bytes` they were: there may be millions. */
  clear: (owner: string) => [SQL, ...SQL[]];
  /** Where the owners are. */
  owners: PgTable & { id: AnyPgColumn; orgId: AnyPgColumn };
  /** Which of them the rule lets go: a condition on `owners`. */
  due: (days: number) => SQL;
}

const before = (moment: AnyPgColumn, days: number) => sql`${moment} < now() - make_interval(days => ${days})`;
/** Nobody wants to find a released model without its files, or the run that made it. */
const versionOf = (model: SQL | AnyPgColumn) => sql`exists (select 1 from ${modelVersions} where ${modelVersions.loggedModelId} = ${model})`;
/** A version may be made of a run's files without naming the run: clients give either. Written so that it is looked up once, not for each run. */
const holdsVersion = sql`${runs.id} in (select place.run from (select substring(${modelVersions.location} from '^mlflow-artifacts:.*(run_[0-9a-f-]{36})/artifacts') as run from ${modelVersions}) place where place.run is not null)`;
const runMayGo = sql`not (
  exists (select 1 from ${runTags} where ${runTags.runId} = ${runs.id} and ${runTags.key} = ${KEEP_TAG})
  or exists (select 1 from ${modelVersions} where ${modelVersions.runId} = ${runs.id})
  or ${holdsVersion}
  or exists (select 1 from ${loggedModels} where ${loggedModels.sourceRunId} = ${runs.id} and ${versionOf(loggedModels.id)}))`;
const ended = (days: number) => sql`${before(runs.endedAt, days)} and ${runMayGo}`;

/** The kinds of timeline entries. */
export const REMOVED = { files: "files.removed", logs: "logs.removed" } as const;

const counted = sql`select count(*)::int as files, coalesce(sum(bytes), 0)::float8 as bytes from gone`;
const files = (table: PgTable & { bytes: AnyPgColumn }, owner: AnyPgColumn) => ({
  held: sql`select ${owner} as owner, ${table.bytes} as bytes from ${table}`,
  clear: (id: string): [SQL] => [sql`with gone as (delete from ${table} where ${owner} = ${id} returning bytes) ${counted}`],
});
const checkpoints = files(runCheckpointFiles, runCheckpointFiles.runId);
/** Of attempts of which nothing more will come. Their size is that in the store, once they lie there. */
const logsOf = (condition: SQL) => sql`
  select ${attempts.runId} as owner, ${logHeads.attemptId} as id, coalesce((select ${objects.bytes} from ${objects} where ${objects.orgId} = ${attempts.orgId} and ${objects.sha256} = ${logHeads.archiveSha256}), ${logHeads.bytes}) as bytes
  from ${logHeads} join ${attempts} on ${attempts.id} = ${logHeads.attemptId}
  where ${logHeads.nextSeq} > 0 and (${attempts.drainedAt} is not null or ${attempts.status} = 'lost') and ${condition}`;
const logs = {
  held: logsOf(sql`true`),
  clear: (id: string): [SQL, SQL] => [
    sql`with gone as (${logsOf(sql`${attempts.runId} = ${id}`)} for update of ${logHeads}), emptied as (update ${logHeads} set next_seq = 0, archive_sha256 = null from gone where ${logHeads.attemptId} = gone.id) ${counted}`,
    sql`delete from ${logChunks} using ${attempts} join ${logHeads} on ${logHeads.attemptId} = ${attempts.id} where ${attempts.runId} = ${id} and ${logChunks.attemptId} = ${attempts.id} and ${logHeads.nextSeq} = 0`,
  ],
};

export const SHELVES: Record<RetentionRule, readonly Shelf[]> = {
  checkpoints: [{ ...checkpoints, clear: (id) => [...checkpoints.clear(id), sql`delete from ${runCheckpoints} where ${runCheckpoints.runId} = ${id}`], owners: runs, due: ended }],
  archived: [
    { ...files(artifacts, artifacts.runId), owners: runs, due: (days) => sql`${before(runs.deletedAt, days)} and ${runMayGo}` },
    { ...files(loggedModelFiles, loggedModelFiles.modelId), owners: loggedModels, due: (days) => sql`${before(loggedModels.deletedAt, days)} and not ${versionOf(loggedModels.id)}` },
  ],
  files: [{ ...files(artifacts, artifacts.runId), owners: runs, due: ended }],
  logs: [{ ...logs, owners: runs, due: ended }],
};

/** What these rules would remove now. A file that two rules cover counts in both. */
export async function previewRetention(db: DbOrTx, orgId: string, rules: RetentionRules): Promise<Record<RetentionRule, Expired>> {
  const found = await Promise.all(RETENTION_RULES.map(async (rule) => [rule, await countExpired(db, orgId, rule, rules[rule])] as const));
  return Object.fromEntries(found) as Record<RetentionRule, Expired>;
}

async function countExpired(db: DbOrTx, orgId: string, rule: RetentionRule, days: number | null): Promise<Expired> {
  const sum: Expired = { owners: 0, files: 0, bytes: 0 };
  if (days === null) return sum;
  for (const { held, owners, due } of SHELVES[rule]) {
    const [row] = await db.execute<{ owners: number; files: number; bytes: number }>(sql`
      select count(distinct held.owner)::int as owners, count(*)::int as files, coalesce(sum(held.bytes), 0)::float8 as bytes
      from (${held}) held join ${owners} on ${owners.id} = held.owner where ${owners.orgId} = ${orgId} and ${due(days)}`);
    sum.owners += row!.owners;
    sum.files += row!.files;
    sum.bytes += row!.bytes;
  }
  return sum;
}

/** Objects that no row names and that nobody sent lately. A condition on `objects`. */
export const UNUSED = sql`${objects.touchedAt} < now() - make_interval(hours => ${UNUSED_HOURS})
  and not exists (select 1 from ${artifacts} where ${artifacts.orgId} = ${objects.orgId} and ${artifacts.sha256} = ${objects.sha256})
  and not exists (select 1 from ${loggedModelFiles} where ${loggedModelFiles.orgId} = ${objects.orgId} and ${loggedModelFiles.sha256} = ${objects.sha256})
  and not exists (select 1 from ${runCheckpointFiles} where ${runCheckpointFiles.orgId} = ${objects.orgId} and ${runCheckpointFiles.sha256} = ${objects.sha256})
  and not exists (select 1 from ${runs} where ${runs.orgId} = ${objects.orgId} and ${runs.spec} -> 'code' ->> 'sha256' = ${objects.sha256})
  and not exists (select 1 from ${logHeads} join ${attempts} on ${attempts.id} = ${logHeads.attemptId} where ${logHeads.archiveSha256} = ${objects.sha256} and ${attempts.orgId} = ${objects.orgId})`;

/** What lies in the object store for an organization, and for which projects. */
export async function readStorageUse(db: DbOrTx, orgId: string): Promise<StorageUse> {
  const ofProject = (table: typeof artifacts | typeof runCheckpointFiles) => sql`
    select ${runs.projectId} as id, count(*)::int as files, sum(${table.bytes})::float8 as bytes from ${table} join ${runs} on ${runs.id} = ${table.runId} where ${runs.orgId} = ${orgId} group by 1`;
  const [kinds, unused, byProject] = await Promise.all([
    db.execute<StorageUse["kinds"][number] & Record<string, unknown>>(sql`select ${objects.kind} as kind, count(*)::int as objects, sum(${objects.bytes})::float8 as bytes from ${objects} where ${objects.orgId} = ${orgId} group by 1 order by 3 desc`),
    db.execute<{ objects: number; bytes: number }>(sql`select count(*)::int as objects, coalesce(sum(${objects.bytes}), 0)::float8 as bytes from ${objects} where ${objects.orgId} = ${orgId} and ${UNUSED}`),
    db.execute<StorageUse["projects"][number] & Record<string, unknown>>(sql`
      with kept as (${ofProject(artifacts)}), saved as (${ofProject(runCheckpointFiles)})
      select ${projects.id} as id, ${projects.name} as name, ${projects.slug} as slug, coalesce(kept.files, 0) as files, coalesce(kept.bytes, 0) as bytes, coalesce(saved.bytes, 0) as "checkpointBytes"
      from ${projects} left join kept on kept.id = ${projects.id} left join saved on saved.id = ${projects.id}
      where ${projects.orgId} = ${orgId} and (kept.id is not null or saved.id is not null) order by coalesce(kept.bytes, 0) + coalesce(saved.bytes, 0) desc, ${projects.id}`),
  ]);
  return { kinds: [...kinds], unused: unused[0]!, projects: [...byProject] };
}

/** Why a run's files or logs are not there any more; null where no rule removed any. @throws DomainError "not_found" */
export async function findRemoval(db: DbOrTx, grant: Grant, { id: runId, what }: AskRemoval): Promise<{ at: Date; message: string } | null> {
  await getVisibleRun(db, grant, runId);
  const [found] = await db.select({ at: runEvents.at, message: runEvents.message }).from(runEvents).where(and(eq(runEvents.runId, runId), eq(runEvents.kind, REMOVED[what]))).orderBy(desc(runEvents.id)).limit(1);
  return found ?? null;
}
