import { expect, it } from "vitest";
import { eachOrg } from "./each-org.ts";

it("goes on with the other organizations where it fails for one", async () => {
  const done: string[] = [];
  await eachOrg("placement", ["org_a", "org_b", "org_c"], async (orgId) => {
    await Promise.resolve();
    if (orgId === "org_b") throw new Error("what is stored of it cannot be read");
    done.push(orgId);
  });
  expect(done).toEqual(["org_a", "org_c"]);
});
