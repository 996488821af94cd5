import { oneByOne } from "./one-by-one.ts";

/** One organization after another: what fails for one keeps nobody else waiting. */
export const eachOrg = (task: string, orgIds: Iterable<string>, act: (orgId: string) => Promise<void>): Promise<void> => oneByOne(task, orgIds, (orgId) => ({ orgId }), act);
