import { and, asc, eq } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { orgs } from "../../../db/schema/access.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import type { ClusterRecord } from "../queries.ts";

export async function findFirstOrg(db: DbOrTx) {
  const [org] = await db.select().from(orgs).orderBy(asc(orgs.id)).limit(1);
  return org ?? null;
}

export async function findLocalCluster(db: DbOrTx, orgId: string, slug: string): Promise<ClusterRecord | null> {
  const [row] = await db.select().from(clusters).where(and(eq(clusters.orgId, orgId), eq(clusters.slug, slug)));
  return row ?? null;
}
