import { randomUUID } from "node:crypto";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditLog } from "../../db/schema/access.ts";
import { clusterEvents, clusters } from "../../db/schema/clusters.ts";
import { objects } from "../../db/schema/experiments.ts";
import type { Permission } from "../../domain/access/permissions.ts";
import { fitsProject } from "../../domain/access/roles.ts";
import type { IdKind } from "../../domain/shared/id-format.ts";
import { sha256 } from "../access/secrets.ts";
import { buildApp } from "../app.ts";
import { type TestServer, testServer } from "../access/testing.ts";
import { CHOICES, EVERYWHERE, FILTERS, guarded, missing, oneOfEach, type Probe, probes, slugProbes, someInput, titled, walked } from "./testing.ts";

const inSet = (set: object) => `format=csv&set=${encodeURIComponent(JSON.stringify(set))}`;
const TERMINAL = randomUUID();
const DAYS = { from: "2026-01-01", to: "2026-01-31" };
interface Raw {
  method: string;
  /** As the table of routes has it. */
  route: string;
  /** What stands in the place of its parameters and after it. */
  path: (id: string) => string;
  kind: IdKind | "projectSlug" | "object";
  /** A filter finds nothing, and a claim to bytes that did not come is refused: the same for what another has and for what nobody has. */
  status?: number;
  body?: string;
}
/** What pages cannot hold, for every place where a name may stand in its address. */
const RAW: Raw[] = [
  { method: "GET", route: "/api/artifacts/:id", path: (id) => `/api/artifacts/${id}`, kind: "artifact" },
  { method: "GET", route: "/api/attempts/:id/log", path: (id) => `/api/attempts/${id}/log`, kind: "attempt" },
  { method: "GET", route: "/api/costs/statement/pdf", path: (id) => `/api/costs/statement/pdf?period=2026-01&team=${id}`, kind: "team" },
  ...["export", "parts"].map((what): Raw => ({ method: "GET", route: `/api/costs/${what}`, path: (slug) => `/api/costs/${what}?${inSet({ ...DAYS, project: slug })}`, kind: "projectSlug", status: 200 })),
  { method: "GET", route: "/api/runs/export", path: (slug) => `/api/runs/export?${inSet({ columns: ["name"], project: slug })}`, kind: "projectSlug", status: 200 },
  { method: "GET", route: "/api/runs/export", path: (id) => `/api/runs/export?${inSet({ columns: ["name"], experimentId: id })}`, kind: "experiment", status: 200 },
  { method: "GET", route: "/api/runs/:id/terminal", path: (id) => `/api/runs/${id}/terminal?terminal=${TERMINAL}&rows=24&cols=80`, kind: "run" },
  { method: "PUT", route: "/api/code/:sha256", path: (sha256) => `/api/code/${sha256}`, kind: "object", body: "not those bytes", status: 422 },
];
/** Routes in which nothing of an organization is named, and why; those of agents and of MLflow have tests of their own that walk them. */
const NAMELESS: Record<string, string> = {
  "ALL /api/trpc/*": "its procedures are asked one by one",
  "GET /api/health": "says that the process answers",
  "POST /api/auth/sign-in/email": "an address and a password, which are no organization's",
  "POST /api/auth/sign-out": "ends the caller's own session",
  "GET /api/agent/install/agent.mjs": "a program, the same for all",
  "GET /api/costs/focus": "a month and a version",
  "GET /api/costs/prices": "a format",
  "GET /api/costs/statement": "a month",
  "GET /api/costs/unsubscribe": "a text that this server sealed",
  "POST /api/costs/unsubscribe": "a text that this server sealed",
  "POST /api/embed/session": "asked in server/costs/embed-attacks.test.ts",
  "GET /api/embed/report": "asked in server/costs/embed-attacks.test.ts",
  "GET /api/embed/export": "asked in server/costs/embed-attacks.test.ts",
  "GET /api/events": "the organization alone, which each route is asked for below",
};

const statusOf = ({ path, field }: Probe): number => (FILTERS.has(`${path} ${field}`) ? 200 : CHOICES.has(`${path} ${field}`) ? 422 : 404);

describe("another organization's ids", () => {
  let server: TestServer;
  let boss: Record<string, string>;
  let ours: Record<string, string>;
  let theirs: Record<string, string>;
  let theirOrg: string;
  let waiting: string;

  beforeAll(async () => {
    server = await testServer();
    const [here, there] = [await server.make.org({ name: "ours" }), await server.make.org({ name: "theirs" })];
    const mine = await oneOfEach(server, here, here.project, "ours");
    const other = await oneOfEach(server, there, there.project, "theirs");
    waiting = (await server.make.run(here.project, mine.owner.id)).id;
    const secret = await server.make.project(there, { teamId: there.team.id, name: "secret" });
    await server.make.project(here, { teamId: here.team.id, name: "x" });
    await server.make.cluster(here, { name: "x" });
    const [cluster] = await server.db.select({ slug: clusters.slug }).from(clusters).where(eq(clusters.id, other.ids["cluster"]!));
    await server.db.insert(objects).values({ orgId: there.id, sha256: sha256("theirs"), key: "k", bytes: 6, kind: "code" });
    [ours, theirs, theirOrg] = [mine.ids, { ...other.ids, projectSlug: secret.slug, clusterSlug: cluster!.slug, object: sha256("theirs") }, other.org.id];
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

  it.each(slugProbes.map((probe) => ({ path: probe.path, field: probe.field, probe })))("answer $path by the slug in $field exactly as one that never was", async ({ probe }) => {
    const ask = async (slug: string) => {
      const { status, text } = await server.call(boss, probe.path, probe.input({ ...ours, run: waiting }, slug), probe.type);
      return [status, text.replaceAll(slug, "it")];
    };
    const foreign = await ask(theirs[`${probe.kind}Slug`]!);
    expect(foreign).toEqual(await ask("never-was"));
    expect([200, 404, 422], String(foreign[1])).toContain(foreign[0]); // filters and plans find nothing
  });

  it("are probed in every raw route", () => {
    const routes = [...new Set(buildApp().routes.filter(({ path }) => path !== EVERYWHERE).map(({ method, path }) => `${method} ${path}`))].filter((route) => !/^\w+ \/(mlflow|api\/agent)\//.test(route) || route in NAMELESS);
    expect(routes.toSorted()).toEqual([...new Set([...RAW.map(({ method, route }) => `${method} ${route}`), ...Object.keys(NAMELESS)])].toSorted());
  });

  it.each(RAW)("answer $method $route for a $kind exactly as a missing one", async ({ method, path, kind, body, status = 404 }) => {
    const ask = async (id: string) => {
      const answer = await server.app.request(path(id), { method, ...(body === undefined ? {} : { body }), headers: { ...boss, "x-request-id": "the-same" } }, { upgrade: { accept: () => new Response("opened"), forward: () => new Response("opened") } });
      return [answer.status, (await answer.text()).replaceAll(id, "it")];
    };
    const foreign = await ask(theirs[kind]!);
    expect(foreign).toEqual(await ask(kind === "projectSlug" ? "never-was" : kind === "object" ? sha256("never was") : missing(kind)));
    expect(foreign[0], String(foreign[1])).toBe(status);
  });

  it("open no raw route by an organization's name", async () => {
    for (const { method, path, kind } of [...RAW, ...["/api/events", "/api/costs/focus", "/api/costs/prices", "/api/costs/statement"].map((route) => ({ method: "GET", path: () => route, kind: "run" }))]) {
      const ask = async (org: string) => {
        const answer = await server.app.request(path(theirs[kind]!), { method, headers: { ...boss, "x-drover-org": org } });
        return [method, path(""), answer.status, await answer.text()];
      };
      const foreign = await ask("theirs");
      expect(foreign).toEqual(await ask("nobody"));
      expect(foreign[2]).toBe(404);
    }
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
