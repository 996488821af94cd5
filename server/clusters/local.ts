import type { Db } from "../../db/client.ts";
import { enrolLocalCluster } from "./commands/local.ts";

/**
 * The cluster "This machine" (slug `local`) of the first organization, for the launcher: made on first use. A fresh code
 * until an agent has used one; then "enrolled", also when that agent was revoked: what a person shut out must not come
 * back by a restart. "no-org": nobody has set Drover up yet.
 */
export function localEnrolmentCode(db: Db): Promise<{ code: string } | "enrolled" | "no-org"> {
  return enrolLocalCluster(db);
}
