import type { Db } from "../../db/client.ts";
import { SYSTEM } from "../access/actor.ts";
import { issueLocalCode } from "./commands/local.ts";
import { findFirstOrg, findLocalCluster } from "./queries/local.ts";
import { hasLiveAgent } from "./queries.ts";

/** Slug of the cluster that `./drover up` makes of the machine it runs on. */
export const LOCAL_SLUG = "local";

/**
 * What the launcher should do for this machine: wait for the first organization, enrol with a fresh code, or nothing.
 * Repeating it is harmless: there is one cluster, and a code that was not spent gives way to the next.
 */
export async function localEnrolmentCode(db: Db): Promise<{ code: string } | "enrolled" | "no-org"> {
  const org = await findFirstOrg(db);
  if (!org) return "no-org";
  const cluster = await findLocalCluster(db, org.id, LOCAL_SLUG);
  if (cluster && (await hasLiveAgent(db, cluster.id))) return "enrolled";
  return { code: await issueLocalCode(db, { orgId: org.id, actor: SYSTEM, requestId: null }, cluster, LOCAL_SLUG) };
}
