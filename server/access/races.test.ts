import { and, eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { invitations, orgs, roleBindings } from "../../db/schema/access.ts";
import type { Role } from "../../domain/access/roles.ts";
import { type TestServer, testServer } from "./testing.ts";

let server: TestServer;
let org: Awaited<ReturnType<TestServer["make"]["org"]>>;
let boss: Record<string, string>;
beforeAll(async () => {
  server = await testServer();
  org = await server.make.org();
  boss = await server.as(await server.make.member(org, "owner"), org.slug);
});
afterAll(() => server.close());

const person = (role: Role) => server.person(org, role);

/** Somebody loses all roles while their request waits for its turn. */
async function meanwhileRemoved<Answer>(id: string, ask: () => Promise<Answer>): Promise<Answer> {
  let asked: Promise<Answer>;
  await server.db.transaction(async (tx) => {
    await tx.select().from(orgs).where(eq(orgs.id, org.id)).for("update");
    asked = ask();
    await expect.poll(() => server.sql`select 1 from pg_locks w where not granted and exists (select from pg_locks o join pg_database d on d.oid = o.database where o.pid = w.pid and d.datname = current_database())`.then(({ length }) => length), { timeout: 10_000 }).toBeGreaterThan(0);
    await tx.delete(roleBindings).where(eq(roleBindings.principalId, id));
  });
  return asked!;
}

describe("somebody who is being removed", () => {
  it("gives nobody a role, takes nobody's, and invites nobody while their removal is under way", async () => {
    const target = await person("viewer");
    const binding = (await server.db.select().from(roleBindings).where(eq(roleBindings.principalId, target.id)))[0]!.id;
    const place = { role: "admin", scopeType: "org", scopeId: org.id };
    for (const [path, input] of Object.entries({
      "access.grantRole": { principalId: target.id, ...place },
      "access.revokeRole": { id: binding },
      "access.removeMember": { userId: target.id },
      "access.invite": { email: "back-door@example.test", ...place },
    })) {
      const leaver = await person("admin");
      const answer = await meanwhileRemoved(leaver.id, () => server.call(leaver.headers, path, input));
      expect([path, answer.status]).toEqual([path, 404]);
    }
    expect((await server.db.select({ role: roleBindings.role }).from(roleBindings).where(eq(roleBindings.principalId, target.id))).map(({ role }) => role)).toEqual(["viewer"]);
    expect(await server.db.select().from(invitations).where(eq(invitations.email, "back-door@example.test"))).toEqual([]);
  });

  it("lets nobody in by a link of theirs that is opened at that moment", async () => {
    const leaver = await person("admin");
    const { data } = await server.call(leaver.headers, "access.invite", { email: "second-self@example.test", role: "admin", scopeType: "org", scopeId: org.id });
    const answer = await meanwhileRemoved(leaver.id, () => server.call({}, "access.acceptInvitation", { token: data.link.split("/").at(-1), name: "Second Self", password: "correct horse battery" }));
    expect(answer.status).toBe(404);
  });
});

describe("somebody who was removed", () => {
  const invite = (email: string, headers = boss, place: object = { role: "member", scopeType: "project", scopeId: org.project.id }) => server.call(headers, "access.invite", { email, ...place });

  it("does not come back by an invitation that was still open", async () => {
    const leaver = await person("viewer");
    const { data } = await invite(leaver.email);
    expect((await server.call(boss, "access.removeMember", { userId: leaver.id })).status).toBe(200);
    expect((await server.call(leaver.headers, "access.acceptInvitation", { token: data.link.split("/").at(-1) })).status).toBe(404);
    const log = await server.query(boss, "access.auditLog", { action: "member.revoke-invitation", targetId: data.id });
    expect(log.data.items).toMatchObject([{ target: { name: leaver.email }, reason: expect.stringContaining("removed") }]);
  });

  it("keeps an invitation to where whoever removed them manages nobody", async () => {
    const far = await server.make.project(org, { teamId: (await server.make.team(org)).id, name: "far" });
    const guest = await server.make.user({ email: "guest@example.test" });
    await server.make.role(org, guest.id, "member", "project", org.project.id);
    const lead = await server.make.user({ email: "lead@example.test" });
    await server.make.role(org, lead.id, "project_admin", "project", org.project.id);
    const { data } = await invite(guest.email, boss, { role: "member", scopeType: "project", scopeId: far.id });
    expect((await server.call(await server.as(lead, org.slug), "access.removeMember", { userId: guest.id })).status).toBe(200);
    expect((await server.call(await server.as(guest, org.slug), "access.acceptInvitation", { token: data.link.split("/").at(-1) })).status).toBe(200);
    expect(await server.db.$count(roleBindings, and(eq(roleBindings.orgId, org.id), eq(roleBindings.principalId, guest.id)))).toBe(1);
  });
});
