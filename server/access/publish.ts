import { bus } from "../bus.ts";

/** After a commit that changed people, roles, tokens or the tree: open pages of the organization refetch. */
export async function publishAccess(orgId: string): Promise<void> {
  await bus().publishNow([{ orgId, topic: "people", id: orgId }, { orgId, topic: "audit", id: orgId }]);
}
