import { log } from "./log.ts";

/** One organization after another. What fails for one is logged, and keeps nobody else waiting; the next pass finds it again. */
export async function eachOrg(task: string, orgIds: Iterable<string>, act: (orgId: string) => Promise<void>): Promise<void> {
  for (const orgId of orgIds) {
    try {
      await act(orgId);
    } catch (err) {
      log().error({ err, task, orgId }, "it failed for one organization; the next pass tries again");
    }
  }
}
