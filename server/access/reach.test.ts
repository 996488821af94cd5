import fc from "fast-check";
import { and, eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { factories } from "../../db/factories.ts";
import { projects } from "../../db/schema/access.ts";
import { testDatabase } from "../../db/testing.ts";
import { PERMISSION_NAMES } from "../../domain/access/permissions.ts";
import { type Binding, reaches, resolveGrant, ROLE_NAMES } from "../../domain/access/roles.ts";
import { reachedProjects } from "./queries.ts";

describe("the projects that a list shows", () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let orgId: string;
  let nodes: { scopeType: Binding["scopeType"]; scopeId: string }[];
  let all: { id: string; teamId: string }[];
  beforeAll(async () => {
    database = await testDatabase();
    const make = factories(database.db);
    const org = await make.org();
    await make.org(); // somebody else's projects, never to be listed
    const teams = [org.team, await make.team(org), await make.team(org)];
    for (const team of teams) for (let times = 0; times < 2; times++) await make.project(org, { teamId: team.id });
    orgId = org.id;
    all = await database.db.select({ id: projects.id, teamId: projects.teamId }).from(projects).where(eq(projects.orgId, orgId));
    nodes = [{ scopeType: "org", scopeId: orgId }, ...teams.map((team) => ({ scopeType: "team" as const, scopeId: team.id })), ...all.map((project) => ({ scopeType: "project" as const, scopeId: project.id }))];
  });
  afterAll(() => database.close());

  it("are exactly those that a check lets through one by one, whatever the roles and tokens", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ role: fc.constantFrom(...ROLE_NAMES), at: fc.nat() }), { maxLength: 4 }),
        fc.constantFrom(...PERMISSION_NAMES),
        fc.option(fc.nat(), { nil: null }),
        async (given, permission, bound) => {
          const bindings = given.map(({ role, at }): Binding => ({ role, ...nodes[at % nodes.length]! }));
          const grant = resolveGrant(orgId, permission, bindings, null, bound === null ? null : all[bound % all.length]!);
          if (!grant) return;
          const listed = await database.db.select({ id: projects.id }).from(projects).where(and(eq(projects.orgId, orgId), reachedProjects(grant)));
          expect(listed.map(({ id }) => id).sort()).toEqual(all.filter((project) => reaches(grant, project)).map(({ id }) => id).sort());
        },
      ),
      { numRuns: 300 },
    );
  });
});
