import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, testServer } from "./access/testing.ts";

let server: TestServer;
let org: Awaited<ReturnType<TestServer["make"]["org"]>>;
let boss: Record<string, string>;
beforeAll(async () => {
  server = await testServer();
  org = await server.make.org();
  boss = await server.as(await server.make.member(org, "owner"), org.slug);
});
afterAll(() => server.close());

describe("the machine paths", () => {
  it("take no write of another site's page, also where the browser adds a password of its own, as behind a proxy that asks for one", async () => {
    const foreign = { ...boss, origin: "https://evil.example", authorization: "Basic dXNlcjpwYXNz" };
    expect((await server.call(foreign, "access.createTeam", { name: "Evil" })).status).toBe(403);
  });

  it("say that a request is too large, for signing in as well", async () => {
    for (const path of ["/api/auth/sign-in/email", "/api/trpc/access.completeSetup"]) {
      const answer = await server.app.request(path, { method: "POST", headers: { "content-type": "application/json" }, body: "x".repeat(5 * 1024 * 1024) });
      expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([413, "too_large"]);
    }
  });

  it("tell nothing of the database when it fails while the caller is looked up", async () => {
    const { data } = await server.call(boss, "access.createMyToken", { name: "t", permissions: ["org:read"] });
    await server.asOwner("alter table api_tokens rename to api_tokens_away");
    const failed = await server.query({ authorization: `Bearer ${data.token}` }, "access.viewer");
    await server.asOwner("alter table api_tokens_away rename to api_tokens");
    expect(failed.status).toBe(500);
    expect(failed.text).not.toMatch(/select|api_tokens/i);
    expect(failed.error.message).toMatch(/^The server failed on this request/);
  });
});
