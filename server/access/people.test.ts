import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projects, teams, users } from "../../db/schema/access.ts";
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

describe("the list of people", () => {
  it("knows when somebody last signed in, also after they signed out", async () => {
    const person = await server.make.member(org, "viewer");
    const seen = async () => (await server.query(boss, "access.member", { userId: person.id })).data.lastSignInAt as string | null;
    expect(await seen()).toBeNull();
    const { cookie, origin } = await server.as(person, org.slug);
    const at = await seen();
    expect(Date.now() - Date.parse(at!)).toBeLessThan(60_000);
    const out = await server.app.request("/api/auth/sign-out", { method: "POST", headers: { "content-type": "application/json", cookie: cookie!, origin: origin! }, body: "{}" });
    expect(out.status).toBe(200);
    expect(Math.abs(Date.parse((await seen())!) - Date.parse(at!))).toBeLessThan(5_000);
  });

  it("leaves nobody out whose name the database and JavaScript write differently in small letters", async () => {
    const names = ["İbrahim", "Igor", "Ivan", "ΝΙΚΟΣ", "Νίκος"];
    for (const name of names) await server.db.update(users).set({ name }).where(eq(users.id, (await server.make.member(org, "viewer")).id));
    const listed: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const { data } = await server.query(boss, "access.people", { limit: 1, cursor });
      listed.push(data.items[0].name);
      cursor = data.nextCursor ?? undefined;
      if (!cursor) break;
    }
    expect(listed).toEqual(expect.arrayContaining(names));
    expect(new Set(listed).size).toBe(listed.length);
  });
});

describe("an invitation", () => {
  it("dies with the service account that sent it", async () => {
    const account = (await server.call(boss, "access.createServiceAccount", { projectId: org.project.id, name: "inviter", role: "project_admin" })).data;
    const { grantable } = (await server.query(boss, "access.serviceAccounts", {})).data.items.find(({ id }: { id: string }) => id === account.id);
    const made = await server.call(boss, "access.createToken", { serviceAccountId: account.id, name: "leaked", permissions: grantable });
    const { data } = await server.call({ authorization: `Bearer ${made.data.token}` }, "access.invite", { email: "back@example.test", role: "member", scopeType: "project", scopeId: org.project.id });
    await server.call(boss, "access.disableServiceAccount", { id: account.id });
    const refused = await server.call({}, "access.acceptInvitation", { token: data.link.split("/").at(-1), name: "Back Again", password: "correct horse battery" });
    expect([refused.status, refused.error.message]).toEqual([404, expect.stringContaining("Ask for a new one")]);
  });
});

describe("the teams of an organization", () => {
  it("are found by their name or a project's, all of them however many there are, and no project that one may not see finds its team", async () => {
    await server.db.insert(teams).values(Array.from({ length: 230 }, (_, at) => ({ orgId: org.id, slug: `many-${at}`, name: `Many ${String(at).padStart(3, "0")}` })));
    const [last] = await server.db.select().from(teams).where(eq(teams.slug, "many-229"));
    await server.db.insert(projects).values({ orgId: org.id, teamId: last!.id, slug: "needle-50", name: "Needle 50%" });
    const names = async (headers: typeof boss, input: object) => ((await server.query(headers, "access.teams", input)).data as { name: string; projects: { name: string }[] }[]).map((team) => [team.name, ...team.projects.map(({ name }) => name)].join(": "));
    expect((await names(boss, {})).filter((name) => name.startsWith("Many"))).toHaveLength(230);
    expect(await names(boss, { text: "needle 50%" })).toEqual(["Many 229: Needle 50%"]);
    expect(await names(boss, { text: "many 00", limit: 3 })).toEqual(["Many 000", "Many 001", "Many 002"]);
    const outsider = await server.person(org, "project_admin"); // of the first project only
    expect(await names(outsider.headers, { text: "needle" })).toEqual([]);
  });
});
