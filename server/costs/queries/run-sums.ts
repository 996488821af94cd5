import { type SQL, sql } from "drizzle-orm";
import { costOutcomeDays, costRunMarks, costTagDays } from "../../../db/schema/cost-sums.ts";
import { costRunDays } from "../../../db/schema/costs.ts";
import { runs, runTags } from "../../../db/schema/experiments.ts";
import type { DbOrTx } from "../../../db/client.ts";
import { isSummedTag, WITHOUT_TAG } from "../../../domain/costs/spend-by.ts";

/** Whose sums, of which UTC days, both included. */
interface Asked {
  from: string;
  to: string;
}
interface Reader {
  db: DbOrTx;
  orgId: string;
}

/** Days of which something changed since their sums were written. Asked for before the sums, so that what is written meanwhile is only read twice as old as it was, never half. */
async function changedDays({ db, orgId }: Reader, { from, to }: Asked): Promise<string[]> {
  const rows = await db.execute<{ day: string }>(sql`
    select day::text from ${costRunMarks} where org_id = ${orgId} and day between ${from} and ${to}
    union select d.day::text from ${costRunMarks} m join ${costRunDays} d on d.run_id = m.run_id where m.org_id = ${orgId} and d.day between ${from} and ${to}`);
  return rows.map(({ day }) => day);
}

const dates = (days: readonly string[]): SQL => sql`${`{${days.join(",")}}`}::date[]`;
const within = (orgId: string, { from, to }: Asked, changed: readonly string[]): SQL => sql`org_id = ${orgId} and day between ${from} and ${to} ${changed.length > 0 ? sql`and day <> all(${dates(changed)})` : sql``}`;
/** Run by run, of these days. */
const runByRun = (orgId: string, days: SQL, { key, tags }: { key: SQL; tags: SQL }): SQL => sql`
  select ${orgId}::text as org_id, d.day, ${runs.projectId} as project_id, ${key} as key, d.accelerator_hours, d.amount, d.provisional
  from ${costRunDays} d join ${runs} on ${runs.id} = d.run_id ${tags} where d.org_id = ${orgId} and ${days}`;

/** What runs cost by how they ended, as `key`. */
export async function outcomeDays(reader: Reader, asked: Asked): Promise<SQL> {
  const changed = await changedDays(reader, asked);
  const kept = sql`select org_id, day, project_id, outcome as key, accelerator_hours, amount, provisional from ${costOutcomeDays} where ${within(reader.orgId, asked, changed)}`;
  return changed.length === 0 ? kept : sql`${kept} union all ${runByRun(reader.orgId, sql`d.day = any(${dates(changed)})`, { key: sql`${runs.status}`, tags: sql`` })}`;
}

/** What runs cost by the value of a tag, as `key`: marked, so that none can be taken for the lack of it. */
export async function tagDays(reader: Reader, asked: Asked, tag: string): Promise<SQL> {
  const own = { key: sql`coalesce('=' || ${runTags.value}, ${WITHOUT_TAG})`, tags: sql`left join ${runTags} on ${runTags.runId} = ${runs.id} and ${runTags.key} = ${tag}` };
  if (!isSummedTag(tag)) return runByRun(reader.orgId, sql`d.day between ${asked.from} and ${asked.to}`, own);
  const changed = await changedDays(reader, asked);
  const here = within(reader.orgId, asked, changed);
  const kept = sql`
    select org_id, day, project_id, '=' || value as key, accelerator_hours, amount, provisional from ${costTagDays} where ${here} and key = ${tag}
    union all select org_id, day, project_id, ${WITHOUT_TAG}, sum(accelerator_hours), sum(amount), sum(provisional) from (
      select org_id, day, project_id, accelerator_hours, amount, provisional from ${costOutcomeDays} where ${here}
      union all select org_id, day, project_id, -accelerator_hours, -amount, -provisional from ${costTagDays} where ${here} and key = ${tag}
    ) rest group by 1, 2, 3 having sum(amount) <> 0 or sum(accelerator_hours) <> 0`;
  return changed.length === 0 ? kept : sql`${kept} union all ${runByRun(reader.orgId, sql`d.day = any(${dates(changed)})`, own)}`;
}

/** How many runs had each tag, day by day and by project. */
export async function taggedDays(reader: Reader, asked: Asked): Promise<SQL> {
  const changed = await changedDays(reader, asked);
  const kept = sql`select org_id, day, project_id, key, runs from ${costTagDays} where ${within(reader.orgId, asked, changed)}`;
  return changed.length === 0 ? kept : sql`${kept} union all
    select ${reader.orgId}::text, d.day, ${runs.projectId}, ${runTags.key}, 1 from ${costRunDays} d join ${runs} on ${runs.id} = d.run_id join ${runTags} on ${runTags.runId} = d.run_id and ${runTags.key} not like 'mlflow.%'
    where d.org_id = ${reader.orgId} and d.day = any(${dates(changed)})`;
}
