import { sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { eachOrg } from "../../each-org.ts";
import { chargeUsage } from "../commands/usage.ts";
import { loadPolicy } from "../queries/policy.ts";

/** Organizations with something running or ended that is not counted yet; each is counted up to now. */
export async function chargeAll({ db }: { db: Db }): Promise<void> {
  const orgs = await db.execute<{ org_id: string }>(sql`select distinct org_id from attempts where usage_open`);
  await eachOrg("usage", orgs.map((row) => row.org_id), async (orgId) => {
    const policy = await loadPolicy(db, orgId);
    for (const which of ["ended", "running"] as const) await db.transaction((tx) => chargeUsage(tx, orgId, policy, which));
  });
}
