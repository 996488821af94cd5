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

describe("wrong passwords from one IPv6 network", () => {
  it("lock nobody out elsewhere, whichever of its addresses they come from", async () => {
    const someone = await viewer();
    const from = async (remoteAddress: string, password: string) => server.app.request("/api/auth/sign-in/email", { method: "POST", headers: { "content-type": "application/json", origin: "http://localhost:7070" }, body: JSON.stringify({ email: someone.email, password }) }, { incoming: { socket: { remoteAddress } } });
    const tries = await Promise.all(Array.from({ length: 70 }, (_, at) => from(`2001:db8:1:2::${at + 1}`, "wrong wrong wrong")));
    expect(tries.filter(({ status }) => status === 401)).toHaveLength(10);
    expect((await from("2001:db8:ffff:1::1", someone.password)).status).toBe(200);
  });
});
