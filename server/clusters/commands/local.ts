import type { Db } from "../../../db/client.ts";
import type { ClusterRecord } from "../queries.ts";
import { type By, insertCluster, issueCode } from "./connect.ts";

/** A code for this machine's own agent, with its cluster when it has none. Both are audited as Drover's own acts by audit(…) inside. */
export async function issueLocalCode(db: Db, by: By, cluster: ClusterRecord | null, slug: string): Promise<string> {
  const made = await db.transaction((tx) => (cluster ? issueCode(tx, by, cluster) : insertCluster(tx, by, { name: "This machine", region: "local", slug })));
  return made.code;
}
