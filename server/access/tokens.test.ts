import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiTokens, auditLog } from "../../db/schema/access.ts";
import { sha256 } from "./secrets.ts";
import { type TestServer, testServer } from "./testing.ts";

describe("API tokens", () => {
  let server: TestServer;
  let org: Awaited<ReturnType<TestServer["make"]["org"]>>;
  let other: { id: string };
  let boss: Record<string, string>;
  let lead: Record<string, string>;
  beforeAll(async () => {
    server = await testServer();
    org = await server.make.org({ name: "Tokens" });
    other = await server.make.project(org, { teamId: (await server.make.team(org)).id, name: "Other" });
    boss = await server.as(await server.make.member(org, "owner"), org.slug);
    lead = await server.as(await server.make.member(org, "project_admin"), org.slug);
  });
  afterAll(() => server.close());

  const mine = async (input: object = {}, headers = boss) => (await server.call(headers, "access.createMyToken", { name: "laptop", permissions: ["runs:read"], ...input })).data as { id: string; token: string; expiresAt: string };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it("are kept as a hash only, in the database and in the audit log", async () => {
    const made = await mine();
    const [row] = await server.db.select().from(apiTokens).where(eq(apiTokens.id, made.id));
    expect(row!.hash).toBe(sha256(made.token));
    expect(JSON.stringify([row, await server.db.select().from(auditLog)])).not.toContain(made.token);
  });

  it("last 90 days unless said otherwise, and never more than 365", async () => {
    const days = (token: { expiresAt: string }) => Math.round((Date.parse(token.expiresAt) - Date.now()) / 86_400_000);
    expect(days(await mine())).toBe(90);
    expect(days(await mine({ expiresInDays: 365 }))).toBe(365);
    const refused = await server.call(boss, "access.createMyToken", { name: "x", permissions: ["runs:read"], expiresInDays: 366 });
    expect([refused.status, refused.error.data.issues[0].field]).toEqual([400, "expiresInDays"]);
  });

  it("do what they were given and no more, whatever their owner may", async () => {
    const { token } = await mine();
    expect((await server.query(bearer(token), "experiments.counts", {})).status).toBe(200);
    expect((await server.query(bearer(token), "access.auditLog", {})).status).toBe(403);
    expect((await server.query(bearer(token), "access.viewer")).data.held).toEqual(["org:read", "runs:read"]);
  });

  it("lose what their owner loses", async () => {
    const person = await server.make.member(org, "viewer");
    await server.make.role(org, person.id, "admin");
    const { token } = await mine({ permissions: ["audit:read"] }, await server.as(person, org.slug));
    expect((await server.query(bearer(token), "access.auditLog", {})).status).toBe(200);
    const member = (await server.query(boss, "access.member", { userId: person.id })).data;
    await server.call(boss, "access.revokeRole", { id: member.bindings.find((one: { role: string }) => one.role === "admin").id });
    expect((await server.query(bearer(token), "access.auditLog", {})).status).toBe(403);
  });

  it("bound to a project see that one only, and act on nothing of the organization", async () => {
    const { token } = await mine({ projectId: org.project.id, permissions: ["projects:read", "projects:manage"] });
    expect((await server.query(bearer(token), "access.viewer")).data.projects.map((project: { id: string }) => project.id)).toEqual([org.project.id]);
    expect((await server.call(bearer(token), "access.updateProject", { id: other.id, name: "Taken" })).status).toBe(404);
    expect((await server.call(bearer(token), "access.createProject", { teamId: org.team.id, name: "More" })).status).toBe(403);
    const refused = await server.call(boss, "access.createMyToken", { name: "x", permissions: ["org:manage"], projectId: org.project.id });
    expect([refused.status, refused.error.data.issues[0].field]).toEqual([403, "permissions"]);
  });

  it("imply their organization and open no other", async () => {
    const { token } = await mine();
    const elsewhere = await server.make.org();
    expect((await server.query({ ...bearer(token), "x-drover-org": elsewhere.slug }, "access.viewer")).status).toBe(404);
  });

  it("make no tokens, so a leaked one has no successors", async () => {
    const { token } = await mine({ permissions: ["org:read", "tokens:manage"] });
    expect((await server.call(bearer(token), "access.createMyToken", { name: "next", permissions: ["org:read"] })).status).toBe(403);
  });

  it("stop with their revocation, their expiry, and the first wrong character", async () => {
    const revoked = await mine();
    await server.call(boss, "access.revokeMyToken", { id: revoked.id });
    const expired = await mine();
    await server.db.update(apiTokens).set({ expiresAt: new Date(Date.now() - 1000) }).where(eq(apiTokens.id, expired.id));
    const good = await mine();
    for (const token of [revoked.token, expired.token, `${good.token.slice(0, -1)}g`, "drv_pat_x", good.token.toUpperCase()]) expect((await server.query(bearer(token), "access.viewer")).status).toBe(401);
    expect((await server.query({ ...boss, ...bearer(revoked.token) }, "access.viewer")).status).toBe(401); // a bad token is nobody, never the cookie's person
    expect((await server.query(bearer(good.token), "access.viewer")).status).toBe(200);
    expect((await server.call(boss, "access.revokeMyToken", { id: revoked.id })).status).toBe(409);
  });

  it("remember when they were last used", async () => {
    const made = await mine();
    await server.query(bearer(made.token), "access.viewer");
    await expect.poll(async () => (await server.db.select().from(apiTokens).where(eq(apiTokens.id, made.id)))[0]!.lastUsedAt, { timeout: 5000 }).not.toBeNull();
  });

  it("of service accounts work in one project, within what account and giver both hold, until it is disabled", async () => {
    const account = (await server.call(lead, "access.createServiceAccount", { projectId: org.project.id, name: "nightly", role: "member" })).data;
    const more = await server.call(lead, "access.createToken", { serviceAccountId: account.id, name: "ci", permissions: ["runs:cancel-any"] });
    expect([more.status, more.error.data.issues[0].field]).toEqual([403, "permissions"]);
    const made = (await server.call(lead, "access.createToken", { serviceAccountId: account.id, name: "ci", permissions: ["projects:read", "runs:read", "runs:submit"] })).data;
    const seen = (await server.query(bearer(made.token), "access.viewer")).data;
    expect(seen.projects).toHaveLength(1);
    expect(seen.user).toMatchObject({ id: account.id, name: "nightly", email: null });
    await server.call(lead, "access.disableServiceAccount", { id: account.id });
    expect((await server.query(bearer(made.token), "access.viewer")).status).toBe(401);
    expect((await server.call(lead, "access.createToken", { serviceAccountId: account.id, name: "ci", permissions: ["runs:read"] })).status).toBe(409);
  });

  it("and service accounts are managed inside one's own projects", async () => {
    expect((await server.call(lead, "access.createServiceAccount", { projectId: other.id, name: "reach", role: "member" })).status).toBe(404);
    const far = (await server.call(boss, "access.createServiceAccount", { projectId: other.id, name: "far", role: "viewer" })).data;
    expect((await server.call(lead, "access.disableServiceAccount", { id: far.id })).status).toBe(404);
    const listed = (await server.query(lead, "access.serviceAccounts", {})).data.items as { project: { id: string } }[];
    expect(listed.every((account) => account.project.id === org.project.id)).toBe(true);
    const own = await mine();
    expect((await server.call(lead, "access.revokeToken", { id: own.id })).status).toBe(404); // people's tokens need the permission on the organization
    expect((await server.call(boss, "access.revokeToken", { id: own.id })).status).toBe(200);
  });
});
