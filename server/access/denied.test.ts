import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, testServer } from "./testing.ts";

let server: TestServer;
let org: Awaited<ReturnType<TestServer["make"]["org"]>>;
beforeAll(async () => {
  server = await testServer();
  org = await server.make.org();
});
afterAll(() => server.close());

const viewer = () => server.person(org, "viewer");

describe("a refused attempt", () => {
  it("is in the audit log whatever number its request gives itself", async () => {
    const boss = await server.as(await server.make.member(org, "owner"), org.slug);
    const [first, second] = [await viewer(), await viewer()];
    for (const { headers } of [first, second]) expect((await server.call(headers, "access.createTeam", { name: "Mine" })).status).toBe(403); // both as request "the-same"
    for (const { id } of [first, second]) expect((await server.query(boss, "access.auditLog", { actorId: id, action: "denied" })).data.items).toHaveLength(1);
  });
});
