import { and, asc, eq, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { orgs } from "../../../db/schema/access.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { SYSTEM } from "../../access/actor.ts";
import { hadAgent } from "../queries.ts";
import { insertCluster, insertCode, LOCAL_SLUG } from "./enrolment.ts";
import { LOCKS } from "../../locks.ts";

/** See server/clusters/local.ts. Two launchers at once make one cluster; insertCluster and insertCode call audit(…). */
export async function enrolLocalCluster(db: Db): Promise<{ code: string } | "enrolled" | "no-org"> {
  return db.transaction(async (tx) => {
    const [org] = await tx.select({ id: orgs.id }).from(orgs).orderBy(asc(orgs.createdAt), asc(orgs.id)).limit(1);
    if (!org) return "no-org";
    await tx.execute(sql`select pg_advisory_xact_lock(${LOCKS.localCluster})`);
    const by = { orgId: org.id, actor: SYSTEM, requestId: null };
    const here = and(eq(clusters.orgId, org.id), eq(clusters.slug, LOCAL_SLUG));
    const [known] = await tx.select({ id: clusters.id, name: clusters.name }).from(clusters).where(here);
    if (known && (await hadAgent(tx, known.id))) return "enrolled";
    if (known) return { code: (await insertCode(tx, by, known)).code };
    const made = await insertCluster(tx, by, { slug: LOCAL_SLUG, name: "This machine", region: "local" });
    return { code: made!.code };
  });
}
