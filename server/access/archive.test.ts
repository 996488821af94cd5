import { and, eq, isNull } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditLog, projects, teams } from "../../db/schema/access.ts";
import { runs } from "../../db/schema/experiments.ts";
import { type TestServer, testServer } from "./testing.ts";

let server: TestServer;
let org: Awaited<ReturnType<TestServer["make"]["org"]>>;
let boss: Record<string, string>;
let bossId: string;
beforeAll(async () => {
  server = await testServer();
  org = await server.make.org();
  const owner = await server.make.member(org, "owner");
  bossId = owner.id;
  boss = await server.as(owner, org.slug);
});
afterAll(() => server.close());

const projectIn = (teamId = org.team.id) => server.make.project(org, { teamId });
const actionsOn = async (id: string) => (await server.db.select({ action: auditLog.action }).from(auditLog).where(eq(auditLog.targetId, id)).orderBy(auditLog.id)).map((row) => row.action);
const submit = (slug: string) => server.call(boss, "experiments.submit", { spec: { name: "late", project: slug, command: "true" } });

describe("moving a project", () => {
  it("takes it out of the reach of its old team's people and into that of the new one's, and says so in the audit log", async () => {
    const [project, team] = [await projectIn(), await server.make.team(org)];
    const [before, after] = [await server.make.user(), await server.make.user()];
    await server.make.role(org, before.id, "team_lead", "team", org.team.id);
    await server.make.role(org, after.id, "team_lead", "team", team.id);
    const sees = async (person: typeof before) => {
      const { data } = await server.query(await server.as(person, org.slug), "access.viewer");
      return (data.projects as { id: string }[]).some(({ id }) => id === project.id);
    };
    expect([await sees(before), await sees(after)]).toEqual([true, false]);
    expect((await server.call(boss, "access.moveProject", { id: project.id, teamId: team.id })).status).toBe(200);
    expect([await sees(before), await sees(after)]).toEqual([false, true]);
    expect(await server.db.select({ action: auditLog.action, before: auditLog.before, after: auditLog.after }).from(auditLog).where(eq(auditLog.targetId, project.id))).toMatchObject([{ action: "project.move", before: { teamName: org.team.name }, after: { teamName: team.name } }]);
  });

  it("needs the right on both teams", async () => {
    const [project, team] = [await projectIn(), await server.make.team(org)];
    const lead = await server.make.member(org, "team_lead");
    const refused = await server.call(await server.as(lead, org.slug), "access.moveProject", { id: project.id, teamId: team.id });
    expect([refused.status, refused.error.message]).toEqual([403, expect.stringContaining(team.name)]);
    expect(await server.db.select({ teamId: projects.teamId }).from(projects).where(eq(projects.id, project.id))).toEqual([{ teamId: org.team.id }]);
  });
});

describe("archiving a project", () => {
  it("refuses new runs by field and keeps the old ones to be seen, until it is restored", async () => {
    const project = await projectIn();
    const old = await server.make.run(project, bossId, { status: "succeeded", endedAt: new Date() });
    expect((await server.call(boss, "access.archiveProject", { id: project.id, archived: true })).status).toBe(200);
    const refused = await submit(project.slug);
    expect([refused.status, refused.error.data.issues[0].field]).toEqual([409, "project"]);
    expect((await server.call(boss, "experiments.retry", { id: old.id })).status).toBe(409);
    expect((await server.query(boss, "experiments.get", { id: old.id })).status).toBe(200);
    expect(await server.db.select({ id: runs.id }).from(runs).where(eq(runs.projectId, project.id))).toEqual([{ id: old.id }]);
    expect((await server.call(boss, "access.archiveProject", { id: project.id, archived: false })).status).toBe(200);
    expect((await submit(project.slug)).status).toBe(200);
    expect(await actionsOn(project.id)).toEqual(["project.archive", "project.restore"]);
  });

  it("waits for what has not ended", async () => {
    const project = await projectIn();
    await server.make.run(project, bossId, { name: "busy" });
    const refused = await server.call(boss, "access.archiveProject", { id: project.id, archived: true });
    expect([refused.status, refused.error.message]).toEqual([409, expect.stringMatching(/^1 run of .* has not ended/)]);
    expect(await actionsOn(project.id)).toEqual([]);
  });

  it("lets no run slip in that is submitted at the same moment", async () => {
    for (let round = 0; round < 5; round += 1) {
      const project = await projectIn();
      const [archived, ...submitted] = await Promise.all([server.call(boss, "access.archiveProject", { id: project.id, archived: true }), submit(project.slug), submit(project.slug)]);
      const inside = await server.db.$count(runs, eq(runs.projectId, project.id));
      expect(inside).toBe(submitted.filter(({ status }) => status === 200).length);
      if (archived.status === 200) expect(inside).toBe(0);
      else expect(inside).toBeGreaterThan(0);
    }
  });
});

describe("archiving a team", () => {
  it("comes after its projects, and then takes no new one", async () => {
    const team = await server.make.team(org);
    const project = await projectIn(team.id);
    const archive = (archived: boolean) => server.call(boss, "access.archiveTeam", { id: team.id, archived });
    const early = await archive(true);
    expect([early.status, early.error.message]).toEqual([409, expect.stringContaining("1 project")]);
    await server.call(boss, "access.archiveProject", { id: project.id, archived: true });
    expect((await archive(true)).status).toBe(200);
    expect((await server.call(boss, "access.createProject", { teamId: team.id, name: "Late" })).status).toBe(409);
    expect((await server.call(boss, "access.archiveProject", { id: project.id, archived: false })).error.message).toContain("Restore it first");
    const open = await projectIn();
    expect((await server.call(boss, "access.moveProject", { id: open.id, teamId: team.id })).error.message).toContain("Restore it first");
    expect((await archive(false)).status).toBe(200);
    expect((await server.call(boss, "access.archiveProject", { id: project.id, archived: false })).status).toBe(200);
    expect(await actionsOn(team.id)).toEqual(["team.archive", "team.restore"]);
  });

  it("lets no open project slip in at the same moment", async () => {
    for (let round = 0; round < 8; round += 1) {
      const [team, project] = [await server.make.team(org), await projectIn()];
      await Promise.all([
        server.call(boss, "access.archiveTeam", { id: team.id, archived: true }),
        server.call(boss, "access.moveProject", { id: project.id, teamId: team.id }),
        server.call(boss, "access.createProject", { teamId: team.id, name: `Late ${team.slug}` }),
      ]);
      const [after] = await server.db.select({ archivedAt: teams.archivedAt }).from(teams).where(eq(teams.id, team.id));
      if (after!.archivedAt) expect(await server.db.$count(projects, and(eq(projects.teamId, team.id), isNull(projects.archivedAt)))).toBe(0);
    }
  });
});
