import { sql } from "drizzle-orm";
import type { TransactionSql } from "postgres";
import type { Tx } from "../../../db/client.ts";
import { LOCKS } from "../../locks.ts";

/** Until this transaction ends nobody closes a month of these organizations. @returns their closed months. */
export async function booking(tx: TransactionSql, orgIds: readonly string[]): Promise<Map<string, ReadonlySet<string>>> {
  await tx`select pg_advisory_xact_lock_shared(${LOCKS.booking}, hashtext(id)) from unnest(${[...orgIds].sort()}::text[]) as one (id)`;
  const rows = await tx<{ org_id: string; period: string }[]>`select org_id, period from cost_periods where state = 'closed' and org_id = any(${[...orgIds]}::text[])`;
  const closed = Map.groupBy(rows, (row) => row.org_id);
  return new Map(orgIds.map((id) => [id, new Set(closed.get(id)?.map(({ period }) => period))]));
}

/** Until this transaction ends nothing is booked for the organization. */
export async function closing(tx: Tx, orgId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${LOCKS.booking}, hashtext(${orgId}))`);
}
