import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditLog } from "../../db/schema/access.ts";
import { clusterEvents } from "../../db/schema/clusters.ts";
import type { Permission } from "../../domain/access/permissions.ts";
import { fitsProject } from "../../domain/access/roles.ts";
import type { IdKind } from "../../domain/shared/id-format.ts";
import { buildApp } from "../app.ts";
import { type TestServer, testServer } from "../access/testing.ts";
import { CHOICES, FILTERS, guarded, missing, oneOfEach, type Probe, probes, someInput, titled, walked } from "./testing.ts";

/** What pages cannot hold, by an id in its address. */
const RAW: { method: string; path: (id: string) => string; kind: IdKind }[] = [
  { method: "GET", path: (id) => `/api/artifacts/${id}`, kind: "artifact" },
  { method: "GET", path: (id) => `/api/attempts/${id}/log`, kind: "attempt" },
  { method: "GET", path: (id) => `/api/costs/statement/pdf?period=2026-01&team=${id}`, kind: "team" },
];

const statusOf = ({ path, field }: Probe): number => (FILTERS.has(`${path} ${field}`) ? 200 : CHOICES.has(`${path} ${field}`) ? 422 : 404);

describe("another organization's ids", () => {
  let server: TestServer;
  let boss: Record<string, string>;
  let ours: Record<string, string>;
  let theirs: Record<string, string>;
  let theirOrg: string;

  beforeAll(async () => {
    server = await testServer();
    const [here, there] = [await server.make.org({ name: "ours" }), await server.make.org({ name: "theirs" })];
    const mine = await oneOfEach(server, here, here.project, "ours");
    const other = await oneOfEach(server, there, there.project, "theirs");
    [ours, theirs, theirOrg] = [mine.ids, other.ids, other.org.id];
    boss = await server.as(mine.owner, mine.org.slug);
  });
  afterAll(() => server.close());

  it("are probed in every field that takes an id", () => {
    expect(probes.length).toBeGreaterThan(30);
    expect(probes.filter((probe) => !theirs[probe.kind])).toEqual([]);
  });

  it.each(titled(probes))("answer $path by $field exactly as a missing one", async ({ probe }) => {
    const ask = (id: string) => server.call(boss, probe.path, probe.input(ours, id), probe.type);
    const foreign = await ask(theirs[probe.kind]!);
    const absent = await ask(missing(probe.kind));
    expect([foreign.status, foreign.text]).toEqual([absent.status, absent.text]);
    expect(foreign.status, foreign.text).toBe(statusOf(probe));
  });

  it("are probed in every raw route that has one in its path", () => {
    const named = buildApp().routes.filter(({ path }) => path.startsWith("/api/") && path.includes(":") && !path.startsWith("/api/agent/")).map(({ method, path }) => `${method} ${path}`);
    const probed = RAW.map(({ method, path }) => `${method} ${path(":id")}`);
    expect([...new Set(named)].filter((route) => !probed.includes(route)).toSorted()).toEqual([
      "GET /api/runs/:id/terminal", // only as a WebSocket, which its own tests open
      "PUT /api/code/:sha256", // the hash of what is brought along: it finds nothing
    ]);
  });

  it.each(RAW)("answer $method of a raw route for a $kind exactly as a missing one", async ({ method, path, kind }) => {
    const ask = async (id: string) => {
      const answer = await server.app.request(path(id), { method, headers: { ...boss, "x-request-id": "the-same" } });
      return [answer.status, await answer.text()];
    };
    const foreign = await ask(theirs[kind]!);
    expect(foreign).toEqual(await ask(missing(kind)));
    expect(foreign[0]).toBe(404);
  });

  it("leave the other organization as it was", async () => {
    const entries = await server.db.select({ action: auditLog.action }).from(auditLog).where(eq(auditLog.orgId, theirOrg));
    expect(entries.map((entry) => entry.action).filter((action) => action !== "user.sign-in")).toEqual(["project.update"]);
    expect(await server.db.$count(clusterEvents)).toBe(0);
  });

  it("open no door by name either: an organization one is not in looks like none", async () => {
    for (const one of guarded) {
      const { path, type } = one;
      const value = someInput(one, ours);
      const foreign = await server.call({ ...boss, "x-drover-org": "theirs" }, path, value, type);
      const absent = await server.call({ ...boss, "x-drover-org": "nobody" }, path, value, type);
      expect([path, foreign.status, foreign.text]).toEqual([path, 404, absent.text]);
    }
  });

  it("and nobody at all gets in without signing in", async () => {
    for (const one of guarded) {
      const answer = await server.call({ "x-drover-org": "ours" }, one.path, someInput(one, ours), one.type);
      expect([one.path, answer.status]).toEqual([one.path, 401]);
    }
  });
});

/** What belongs to one project: hidden from people whose roles are elsewhere in the same organization. */
const OF_A_PROJECT = new Set<IdKind>(["project", "binding", "invitation", "serviceAccount", "token", "audit", "experiment", "run", "attempt", "artifact", "registeredModel", "savedView", "report", "reportComment"]);

describe("another project's ids", () => {
  let server: TestServer;
  let lead: Record<string, string>;
  let ours: Record<string, string>;
  let theirs: Record<string, string>;
  beforeAll(async () => {
    server = await testServer();
    const org = await server.make.org({ name: "one" });
    const far = await server.make.project(org, { teamId: (await server.make.team(org)).id, name: "far" });
    ours = (await oneOfEach(server, org, org.project, "here")).ids;
    theirs = (await oneOfEach(server, org, far, "far")).ids;
    lead = await server.as(await server.make.member(org, "project_admin"), org.slug);
  });
  afterAll(() => server.close());

  it.each(titled(probes.filter((probe) => OF_A_PROJECT.has(probe.kind))))("answer $path by $field to the admin of one project exactly as a missing one", async ({ probe }) => {
    const foreign = await server.call(lead, probe.path, probe.input(ours, theirs[probe.kind]!), probe.type);
    const absent = await server.call(lead, probe.path, probe.input(ours, missing(probe.kind)), probe.type);
    expect([foreign.status, foreign.text]).toEqual([absent.status, absent.text]);
    const acts = walked.find(({ path }) => path === probe.path)!.permission; // what only the organization's own may do is refused before anything is looked up
    expect(foreign.status, foreign.text).toBe(fitsProject(acts as Permission) ? statusOf(probe) : 403);
  });
});
