import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { invitations, teams, users } from "../../db/schema/access.ts";
import { PASSWORD } from "../../db/factories.ts";
import { type TestServer, testServer } from "./testing.ts";

let server: TestServer;
let org: Awaited<ReturnType<TestServer["make"]["org"]>>;
let boss: Record<string, string>;
beforeAll(async () => {
  server = await testServer();
  org = await server.make.org({ name: "shop" });
  boss = await server.as(await server.make.member(org, "owner", { email: "mike@example.test" }), org.slug);
});
afterAll(() => server.close());

/** What looks like `mike@example.test`, or becomes it where text is folded. */
const ADDRESSES: Record<string, string> = {
  "a dotless i": "m\u0131ke@example.test",
  "a dotted capital I": "M\u0130KE@example.test",
  "a Cyrillic e": "mik\u0435@example.test",
  "full width": "\uFF4Dike@example.test",
  "a full-width at": "mike\uFF20example.test",
  "a zero-width space": "mi\u200Bke@example.test",
  "a combining mark": "mi\u0307ke@example.test",
  "another domain": "mike@ex\u0430mple.test",
  "an ideographic stop": "mike@example\u3002test",
};

describe("a twin of an e-mail address", () => {
  it.each(Object.entries(ADDRESSES))("by %s is invited by nobody, signs nobody in and sets nobody up", async (_how, email) => {
    const invited = await server.call(boss, "access.invite", { email, role: "member", scopeType: "org", scopeId: org.id });
    expect([invited.status, invited.text]).toEqual([400, expect.stringContaining("Expected an e-mail address")]);
    expect((await server.signIn(email, PASSWORD)).status).not.toBe(200);
    expect(await server.db.$count(users)).toBe(1);
  });

  it("by the Kelvin sign is folded before anything else, so that it names the same person and no second one", async () => {
    const asked = { email: "Mi\u212Ae@example.test", role: "member", scopeType: "org", scopeId: org.id };
    const twin = await server.call(boss, "access.invite", asked);
    const plain = await server.call(boss, "access.invite", { ...asked, email: "mike@example.test" });
    expect([twin.status, twin.error?.message]).toEqual([plain.status, plain.error?.message]);
    expect(await server.db.select().from(invitations).where(eq(invitations.email, "mi\u212Ae@example.test"))).toEqual([]);
    expect((await server.signIn("mi\u212Ae@example.test", PASSWORD)).status).toBe(400); // no address at all, so that nobody guesses under a second name either
  });
});

describe("a twin of an organization's name", () => {
  const SLUGS = ["sh\u043Ep", "\uFF53hop", "SHOP", "shop\u200B", "\u017Fhop", " shop", "shop%00", "xn--shp-fmc"];
  it("opens nothing: it is a name that nobody has", async () => {
    const never = await server.query({ ...boss, "x-drover-org": "never-was" }, "access.viewer");
    for (const slug of SLUGS) {
      const answer = await server.app.request(`/api/trpc/access.viewer`, { headers: { ...boss, "x-drover-org": encodeURIComponent(slug), "x-request-id": "the-same" } });
      expect([slug, answer.status, await answer.text()]).toEqual([slug, never.status, never.text]);
      const raw = await server.app.request(`/api/costs/prices?format=csv&org=${encodeURIComponent(slug)}`, { headers: { cookie: boss["cookie"]! } });
      expect([slug, raw.status]).toEqual([slug, 404]);
    }
  });

  it("is the slug of no team, project or cluster, neither asked for nor made of a name", async () => {
    for (const slug of SLUGS.filter((one) => one !== "xn--shp-fmc")) expect([slug, (await server.call(boss, "access.createTeam", { name: "T", slug })).status]).toEqual([slug, 400]);
    const made = await server.call(boss, "access.createTeam", { name: "\uFF53h\u00F4p" });
    expect((await server.db.select({ slug: teams.slug }).from(teams).where(eq(teams.name, "\uFF53h\u00F4p"))).map(({ slug }) => slug), made.text).toEqual([expect.stringMatching(/^[a-z0-9-]+$/)]);
  });
});
