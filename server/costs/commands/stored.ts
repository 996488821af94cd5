import type { Sql, TransactionSql } from "postgres";
import { newId } from "../../../db/schema/columns.ts";
import { HOUR_MS, startOfHour, type StoredWhat } from "../../../domain/costs/metering.ts";
import { eachOrg } from "../../each-org.ts";
import { readStored } from "../queries/stored.ts";

/**
 * Looks at what every project keeps in the object store, once in each hour: what is there counts for that hour. Hours in which nobody
 * looked count as the last look before them had it, as inferred.
 * @param now Unix ms.
 */
export async function lookAtStores(sql: Sql, now: number): Promise<void> {
  const hour = startOfHour(now);
  const due = await sql<{ id: string }[]>`select o.id from orgs o left join stored_clocks c on c.org_id = o.id where c.looked_at is null or c.looked_at < ${new Date(hour)} order by o.id`;
  await eachOrg("storage", due.map(({ id }) => id), (orgId) => lookAtStore(sql, orgId, hour));
}

interface Kept {
  project: string;
  what: StoredWhat;
  bytes: string;
  until: number;
}

async function lookAtStore(sql: Sql, orgId: string, hour: number): Promise<void> {
  await sql.begin(async (tx) => {
    // Whoever looks second waits here, and finds that there is nothing left to do.
    await tx`insert into stored_clocks (org_id, looked_at) values (${orgId}, ${new Date(0)}) on conflict do nothing`;
    const [clock] = await tx<{ looked: number }[]>`select (extract(epoch from looked_at) * 1000)::float8 as looked from stored_clocks where org_id = ${orgId} for update`;
    if (clock!.looked >= hour) return;
    await fillGap(tx, orgId, hour);
    for (const { project, what, bytes } of await readStored(tx, orgId)) await extend(tx, { orgId, project, what, bytes, from: hour, until: hour + HOUR_MS, evidence: "measured" });
    await tx`update stored_clocks set looked_at = ${new Date(hour)} where org_id = ${orgId}`;
  });
}

/** What was there at the last look, until now. */
async function fillGap(tx: TransactionSql, orgId: string, hour: number): Promise<void> {
  const last = await tx<Kept[]>`
    select project_id as project, what, bytes::text, (extract(epoch from until_at) * 1000)::float8 as until from stored_intervals
    where org_id = ${orgId} and until_at = (select looked_at + interval '1 hour' from stored_clocks where org_id = ${orgId}) and until_at < ${new Date(hour)}`;
  for (const { project, what, bytes, until } of last) await extend(tx, { orgId, project, what, bytes, from: until, until: hour, evidence: "inferred" });
}

interface Stretch {
  orgId: string;
  project: string;
  what: StoredWhat;
  bytes: string;
  from: number;
  until: number;
  evidence: "measured" | "inferred";
}

/** An interval goes on while it is as large, and known in the same way. */
async function extend(tx: TransactionSql, { orgId, project, what, bytes, from, until, evidence }: Stretch): Promise<void> {
  const grown = await tx`
    update stored_intervals set until_at = ${new Date(until)}
    where org_id = ${orgId} and project_id = ${project} and what = ${what} and until_at = ${new Date(from)} and bytes = ${bytes}::bigint and evidence = ${evidence} returning id`;
  if (grown.length === 0) {
    await tx`
      insert into stored_intervals (id, org_id, project_id, what, bytes, from_at, until_at, evidence)
      values (${newId("storedInterval")}, ${orgId}, ${project}, ${what}, ${bytes}::bigint, ${new Date(from)}, ${new Date(until)}, ${evidence})`;
  }
  await tx`
    insert into dirty_hours (org_id, cluster_id, node, kind, model, hour)
    select ${orgId}, ${orgId}, ${what}, 'storage', '', h.hour from generate_series(${new Date(from)}::timestamptz, ${new Date(until - HOUR_MS)}::timestamptz, interval '1 hour') as h (hour)
    on conflict (cluster_id, node, kind, model, hour) do update set marked_at = now()`;
}
