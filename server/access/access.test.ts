import { and, eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accounts, apiTokens, auditLog, invitations, orgs, roleBindings, sessions, setupLinks, users } from "../../db/schema/access.ts";
import { sha256 } from "./secrets.ts";
import { ensureSetupLink } from "./setup-link.ts";
import { type TestServer, testServer } from "./testing.ts";

const PASSWORD = "correct horse battery";
const owner = (token: string, email = "first@example.test") => ({ token, name: "First Owner", email, password: PASSWORD, orgName: "Acme Research" });

describe("the setup link", () => {
  let server: TestServer;
  beforeAll(async () => { server = await testServer(); });
  afterAll(() => server.close());

  it("is refused when it is too old, and makes nothing", async () => {
    const token = (await ensureSetupLink(server.db))!;
    await server.db.update(setupLinks).set({ expiresAt: new Date(Date.now() - 1000) }).where(eq(setupLinks.tokenHash, sha256(token)));
    expect((await server.query({}, "access.setupState", { token })).data).toEqual({ valid: false });
    expect((await server.call({}, "access.completeSetup", owner(token))).status).toBe(404);
    expect(await server.db.select().from(users)).toEqual([]);
  });

  it("names the fields that are wrong, and stays good", async () => {
    const token = (await ensureSetupLink(server.db))!;
    const refused = await server.call({}, "access.completeSetup", { ...owner(token), email: "no-mail", password: "short" });
    expect(refused.status).toBe(400);
    expect(refused.error.data.issues.map((issue: { field: string }) => issue.field)).toEqual(["email", "password"]);
    expect((await server.query({}, "access.setupState", { token })).data).toEqual({ valid: true });
  });

  it("keeps only hashes in the database", async () => {
    const token = (await ensureSetupLink(server.db))!;
    const kept = JSON.stringify(await server.db.select().from(setupLinks));
    expect(kept).not.toContain(token);
    expect(kept).toContain(sha256(token));
  });

  it("makes one owner when it is used by many at once, and when two links race", async () => {
    const tokens = [(await ensureSetupLink(server.db))!, (await ensureSetupLink(server.db))!];
    const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => server.call({}, "access.completeSetup", owner(tokens[at % 2]!, `racer${at}@example.test`))));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 404)).toHaveLength(7);
    expect(await server.db.select().from(users)).toHaveLength(1);
    expect(await server.db.select().from(orgs)).toHaveLength(1);
    expect(await server.db.select().from(roleBindings).where(eq(roleBindings.role, "owner"))).toHaveLength(1);
  });

  it("leaves audit entries of all that it made, and is gone for good", async () => {
    const actions = (await server.db.select({ action: auditLog.action }).from(auditLog)).map((row) => row.action);
    expect(actions.sort()).toEqual(["member.grant", "org.create", "project.create", "team.create", "user.sign-up"]);
    expect(await ensureSetupLink(server.db)).toBeNull();
  });

  it("never makes an organization whose slug is a word of our own URLs", async () => {
    const other = await testServer();
    const token = (await ensureSetupLink(other.db))!;
    const made = await other.call({}, "access.completeSetup", { ...owner(token), orgName: "API" });
    expect(made.data).toEqual({ orgSlug: "api-org" });
    await other.close();
  });
});

describe("inside an organization", () => {
  let server: TestServer;
  let org: Awaited<ReturnType<TestServer["make"]["org"]>>;
  let boss: Record<string, string>;
  let bossId: string;
  beforeAll(async () => {
    server = await testServer();
    org = await server.make.org({ name: "Acme" });
    const person = await server.make.member(org, "owner");
    bossId = person.id;
    boss = await server.as(person, org.slug);
  });
  afterAll(() => server.close());

  const person = (role: Parameters<TestServer["person"]>[1]) => server.person(org, role);
  const invite = async (email: string, headers = boss) => {
    const answer = await server.call(headers, "access.invite", { email, role: "member", scopeType: "org", scopeId: org.id });
    return { ...answer, token: (answer.data?.link as string | undefined)?.split("/").at(-1) ?? "" };
  };
  const bindingOf = async (userId: string, role: "owner" | "member" | "viewer" | "admin") => (await server.db.select().from(roleBindings).where(and(eq(roleBindings.principalId, userId), eq(roleBindings.role, role))))[0]!.id;

  describe("an invitation", () => {
    it("makes a new person a member once, who can then sign in", async () => {
      const { token } = await invite("Nina@Example.Test");
      const accept = () => server.call({}, "access.acceptInvitation", { token, name: "Nina New", password: PASSWORD });
      expect((await accept()).data).toEqual({ orgSlug: org.slug, email: "nina@example.test" });
      expect((await accept()).status).toBe(404);
      expect((await server.signIn("nina@example.test", PASSWORD)).status).toBe(200);
    });

    it("is accepted once when many try at the same moment", async () => {
      const { token } = await invite("race@example.test");
      const answers = await Promise.all(Array.from({ length: 6 }, () => server.call({}, "access.acceptInvitation", { token, name: "Racer", password: PASSWORD })));
      expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
      expect(await server.db.select().from(users).where(eq(users.email, "race@example.test"))).toHaveLength(1);
    });

    it("needs a name and a password from somebody new, and says which is missing", async () => {
      const { token } = await invite("half@example.test");
      const refused = await server.call({}, "access.acceptInvitation", { token });
      expect(refused.status).toBe(422);
      expect(refused.error.data.issues.map((issue: { field: string }) => issue.field)).toEqual(["name", "password"]);
    });

    it("is for the invited e-mail: somebody else who is signed in cannot take it, its owner can", async () => {
      const elsewhere = await server.make.user({ email: "known@example.test" });
      const { token } = await invite("known@example.test");
      const thief = await person("viewer");
      expect((await server.call(thief.headers, "access.acceptInvitation", { token })).status).toBe(401);
      expect((await server.call({}, "access.acceptInvitation", { token, name: "Thief", password: PASSWORD })).status).toBe(401);
      const own = await server.as(elsewhere, org.slug);
      expect((await server.call(own, "access.acceptInvitation", { token })).data).toEqual({ orgSlug: org.slug, email: "known@example.test" });
    });

    it("dies when it is withdrawn, when it is seven days old, and when a newer one replaces it", async () => {
      const withdrawn = await invite("w@example.test");
      await server.call(boss, "access.revokeInvitation", { id: withdrawn.data.id });
      const old = await invite("o@example.test");
      expect(Date.parse(old.data.expiresAt) - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
      await server.db.update(invitations).set({ expiresAt: new Date(Date.now() - 1000) }).where(eq(invitations.id, old.data.id));
      const replaced = await invite("r@example.test");
      const newer = await invite("r@example.test");
      for (const { token } of [withdrawn, old, replaced]) {
        expect((await server.query({}, "access.invitation", { token })).data).toEqual({ valid: false });
        expect((await server.call({}, "access.acceptInvitation", { token, name: "Late", password: PASSWORD })).status).toBe(404);
      }
      expect((await server.query({}, "access.invitation", { token: newer.token })).data).toMatchObject({ valid: true, email: "r@example.test", existingUser: false });
    });

    it("dies with the sender's right to give the role, so nobody keeps a role in a link", async () => {
      const admin = await person("admin");
      const { token } = await invite("second-self@example.test", admin.headers);
      await server.call(boss, "access.revokeRole", { id: await bindingOf(admin.id, "admin") });
      expect((await server.call({}, "access.acceptInvitation", { token, name: "Second Self", password: PASSWORD })).status).toBe(404);
      expect(await server.db.select().from(users).where(eq(users.email, "second-self@example.test"))).toEqual([]);
    });

    it("never stores its token, only the hash", async () => {
      const { token, data } = await invite("hash@example.test");
      const [row] = await server.db.select().from(invitations).where(eq(invitations.id, data.id));
      expect(row!.tokenHash).toBe(sha256(token));
      expect(JSON.stringify(await server.db.select().from(auditLog))).not.toContain(token);
    });
  });

  describe("roles", () => {
    it("cannot be given beyond one's own: an admin makes no owner, a project admin nobody outside the project", async () => {
      const admin = await person("admin");
      const target = await person("viewer");
      const byAdmin = await server.call(admin.headers, "access.grantRole", { principalId: target.id, role: "owner", scopeType: "org", scopeId: org.id });
      expect([byAdmin.status, byAdmin.error.data.issues[0].field]).toEqual([403, "role"]);
      const lead = await person("project_admin");
      expect((await server.call(lead.headers, "access.grantRole", { principalId: target.id, role: "member", scopeType: "org", scopeId: org.id })).status).toBe(403);
      expect((await server.call(lead.headers, "access.grantRole", { principalId: target.id, role: "member", scopeType: "project", scopeId: org.project.id })).status).toBe(200);
    });

    it("cannot be taken from somebody above: an admin does not remove an owner", async () => {
      const admin = await person("admin");
      expect((await server.call(admin.headers, "access.revokeRole", { id: await bindingOf(bossId, "owner") })).status).toBe(403);
      expect((await server.call(admin.headers, "access.removeMember", { userId: bossId })).status).toBe(403);
    });

    it("of a kind that does not exist at a place are refused by field", async () => {
      const target = await person("viewer");
      const refused = await server.call(boss, "access.grantRole", { principalId: target.id, role: "team_lead", scopeType: "org", scopeId: org.id });
      expect([refused.status, refused.error.data.issues[0].field]).toEqual([422, "scopeType"]);
    });

    it("of the last owner stay, also when two owners remove each other at once", async () => {
      const only = await server.call(boss, "access.revokeRole", { id: await bindingOf(bossId, "owner") });
      expect([only.status, only.error.message]).toEqual([409, expect.stringContaining("last owner")]);
      const second = await person("owner");
      const [mine, theirs] = [await bindingOf(bossId, "owner"), await bindingOf(second.id, "owner")];
      const both = await Promise.all([server.call(boss, "access.revokeRole", { id: theirs }), server.call(second.headers, "access.revokeRole", { id: mine })]);
      expect(both.filter((answer) => answer.status === 200)).toHaveLength(1);
      expect(await server.db.select().from(roleBindings).where(and(eq(roleBindings.orgId, org.id), eq(roleBindings.role, "owner")))).toHaveLength(1);
      if (both[1].status === 200) {
        await server.make.role(org, bossId, "owner"); // the other one won: put the owner of these tests back
        await server.call(boss, "access.removeMember", { userId: second.id });
      }
    });

    it("end a member's rights, sessions' use and tokens with the next request after the last one is taken", async () => {
      const leaver = await person("member");
      const made = await server.call(leaver.headers, "access.createMyToken", { name: "laptop", permissions: ["runs:read"] });
      const bearer = { authorization: `Bearer ${made.data.token}` };
      expect((await server.query(bearer, "access.viewer")).status).toBe(200);
      await server.call(boss, "access.revokeRole", { id: await bindingOf(leaver.id, "member") });
      expect((await server.query(leaver.headers, "access.viewer")).status).toBe(404);
      expect((await server.query(bearer, "access.viewer")).status).toBe(401);
      const [row] = await server.db.select().from(apiTokens).where(eq(apiTokens.id, made.data.id));
      expect(row!.revokedAt).not.toBeNull();
    });
  });

  describe("a session", () => {
    it("ends at once when its row is gone: nothing is cached in the cookie", async () => {
      const someone = await person("viewer");
      expect((await server.query(someone.headers, "access.me")).status).toBe(200);
      await server.db.delete(sessions).where(eq(sessions.userId, someone.id));
      expect((await server.query(someone.headers, "access.me")).status).toBe(401);
    });

    it("travels in a cookie that scripts cannot read and other sites' forms do not send, and not in the answer", async () => {
      const someone = await person("viewer");
      const answer = await server.signIn(someone.email, someone.password);
      const [cookie] = answer.headers.getSetCookie();
      expect(cookie).toMatch(/HttpOnly/i);
      expect(cookie).toMatch(/SameSite=Lax/i);
      expect(await answer.text()).toBe("{}");
    });

    it("is not guessed by many tries at once: no more than ten passwords are looked at", async () => {
      const someone = await person("viewer");
      const answers = await Promise.all(Array.from({ length: 30 }, () => server.signIn(someone.email, "wrong wrong wrong")));
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(20);
    });

    it("does not let another site's page write with it", async () => {
      const foreign = { ...boss, origin: "https://evil.example" };
      expect((await server.call(foreign, "access.createTeam", { name: "Evil" })).status).toBe(403);
      const { origin: _, ...without } = boss;
      expect((await server.call({ ...without, "sec-fetch-site": "cross-site" }, "access.createTeam", { name: "Evil" })).status).toBe(403);
      expect((await server.query(foreign, "access.viewer")).status).toBe(200); // reading is harmless: the page cannot see the answer
    });

    it("of others ends when the password changes, and the old password is worthless", async () => {
      const someone = await person("viewer");
      const elsewhere = await server.as(someone, org.slug);
      const wrong = await server.call(someone.headers, "access.changePassword", { current: "not it at all", next: "another good one" });
      expect([wrong.status, wrong.error.data.issues[0].field]).toEqual([422, "current"]);
      expect((await server.call(someone.headers, "access.changePassword", { current: someone.password, next: "another good one" })).status).toBe(200);
      expect((await server.query(someone.headers, "access.me")).status).toBe(200);
      expect((await server.query(elsewhere, "access.me")).status).toBe(401);
      expect((await server.signIn(someone.email, someone.password)).status).toBe(401);
      expect((await server.signIn(someone.email, "another good one")).status).toBe(200);
    });

    it("cannot be opened by signing up: there is no such path", async () => {
      const answer = await server.app.request("/api/auth/sign-up/email", { method: "POST", headers: { "content-type": "application/json", origin: "http://localhost:7070" }, body: JSON.stringify({ name: "X", email: "x@example.test", password: PASSWORD }) });
      expect(answer.status).toBe(404);
      expect(await server.db.select().from(accounts).innerJoin(users, eq(users.id, accounts.userId)).where(eq(users.email, "x@example.test"))).toEqual([]);
    });
  });

  describe("an audit entry", () => {
    it("commits with the change, or the change does not happen", async () => {
      await server.asOwner(`create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no audit today'; end $$; create trigger refuse before insert on audit_log for each row when (new.action = 'team.create') execute function refuse()`);
      expect((await server.call(boss, "access.createTeam", { name: "Never" })).status).toBe(500);
      await server.asOwner(`drop trigger refuse on audit_log; drop function refuse`);
      const teams = await server.query(boss, "access.teams");
      expect(teams.data.map((team: { name: string }) => team.name)).not.toContain("Never");
    });

    it("says who, what, and before and after", async () => {
      await server.call(boss, "access.updateOrg", { name: "Acme Two" });
      const page = await server.query(boss, "access.auditLog", { action: "org.update", limit: 1 });
      expect(page.data.items[0]).toMatchObject({ actor: { type: "user", id: bossId }, target: { type: "organization", id: org.id }, before: { name: "Acme" }, after: { name: "Acme Two" }, requestId: "the-same" });
    });

    it("is left by a refused attempt, once a minute", async () => {
      const someone = await person("viewer");
      for (let times = 0; times < 3; times++) await server.call(someone.headers, "access.createTeam", { name: "Mine" });
      const page = await server.query(boss, "access.auditLog", { actorId: someone.id, action: "denied" });
      expect(page.data.items).toHaveLength(1);
      expect(page.data.items[0]).toMatchObject({ action: "denied.permission", target: { type: "procedure", id: "access.createTeam", name: "teams:manage" } });
    });

    it("is found by actor, object, target and time, page by page without gaps", async () => {
      for (let at = 0; at < 5; at++) await server.call(boss, "access.createTeam", { name: `Paged ${at}` });
      const all = (await server.query(boss, "access.auditLog", { action: "team", limit: 200 })).data.items as { id: string; target: { id: string } }[];
      const seen: string[] = [];
      for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
        const page: { items: { id: string }[]; nextCursor: string | null } = (await server.query(boss, "access.auditLog", { action: "team", limit: 2, ...(cursor ? { cursor } : {}) })).data;
        seen.push(...page.items.map((item) => item.id));
        cursor = page.nextCursor;
      }
      expect(seen).toEqual(all.map((item) => item.id));
      expect((await server.query(boss, "access.auditLog", { targetId: all[0]!.target.id })).data.items).toHaveLength(1);
    });

    it("of a project is seen by its admin, and those of the organization are not", async () => {
      const lead = await person("project_admin");
      await server.call(boss, "access.updateProject", { id: org.project.id, name: "Renamed" });
      const page = await server.query(lead.headers, "access.auditLog", { limit: 200 });
      const items = page.data.items as { projectId: string | null }[];
      expect(items.length).toBeGreaterThan(0);
      expect(items.every((item) => item.projectId === org.project.id)).toBe(true);
    });
  });
});
