import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, testServer } from "./testing.ts";

let server: TestServer;
let org: Awaited<ReturnType<TestServer["make"]["org"]>>;
beforeAll(async () => {
  server = await testServer();
  org = await server.make.org();
});
afterAll(() => server.close());

const viewer = async () => {
  const made = await server.make.member(org, "viewer");
  return { ...made, headers: await server.as(made, org.slug) };
};

describe("a wrong current password", () => {
  it("of some keeps nobody else from changing theirs", async () => {
    for (let at = 0; at < 6; at += 1) {
      const someone = await viewer();
      await Promise.all(Array.from({ length: 10 }, () => server.call(someone.headers, "access.changePassword", { current: "not it at all", next: "another good one" })));
    }
    const other = await viewer();
    expect((await server.call(other.headers, "access.changePassword", { current: other.password, next: "another good one" })).status).toBe(200);
  });
});
