import { describe, expect, it } from "vitest";
import { PERMISSIONS, type Permission } from "../../domain/access/permissions.ts";
import { reaches, resolveGrant, ROLE_NAMES, ROLES } from "../../domain/access/roles.ts";
import { routeAccess } from "../access/guard.ts";
import { buildApp } from "../app.ts";
import { EVERYWHERE, guarded, jsonSchema, walked } from "./testing.ts";

/** The few that come before an organization is chosen. A new one is added here, on purpose and reviewed. */
const OPEN = {
  "access.about": "public",
  "access.setupState": "public",
  "access.completeSetup": "public",
  "access.invitation": "public",
  "access.acceptInvitation": "public",
  "access.me": "signed-in",
  "access.updateProfile": "signed-in",
  "access.changePassword": "signed-in",
};

describe("every procedure", () => {
  it("declares its permission", () => {
    expect(walked.length).toBeGreaterThan(30);
    for (const { path, permission } of walked) expect(permission, path).toBeDefined();
  });

  it("is guarded by a known permission, except the few listed here", () => {
    expect(Object.fromEntries(walked.filter(({ permission }) => !(permission in PERMISSIONS)).map(({ path, permission }) => [path, permission]))).toEqual(OPEN);
  });

  it("takes the organization from the caller, never from its input", () => {
    for (const { path, input } of walked) expect(input ? Object.keys(jsonSchema(input).properties ?? {}) : [], path).not.toContain("orgId");
  });
});

describe("every route", () => {
  const routes = Map.groupBy(buildApp().routes.filter(({ path }) => path !== EVERYWHERE), (route) => `${route.method} ${route.path}`);

  it("says first what it needs, or why it needs nothing", () => {
    expect(routes.size).toBeGreaterThan(5);
    for (const [name, handlers] of routes) expect(handlers.some(({ handler }) => routeAccess(handler)), `${name} has neither guard(…) nor open(…)`).toBe(true);
  });

  it("is listed here with what it declares", async () => {
    const lines = [...routes].map(([name, handlers]) => {
      const access = handlers.map(({ handler }) => routeAccess(handler)).find(Boolean)!;
      return `${name.padEnd(44)} ${"permission" in access ? access.permission : `open: ${access.open}`}`;
    });
    await expect(`${lines.sort().join("\n")}\n`).toMatchFileSnapshot("routes.golden.txt");
  });
});

// ── roles × procedures ───────────────────────────────────────────────────────────────────────────────────
const HERE = { id: "here", teamId: "team" };
const SIBLING = { id: "sibling", teamId: "team" };
const FAR = { id: "far", teamId: "other-team" };

/** `org`: the whole organization. Else: own project, one of the same team, one of another team. `seen`: the frame only. `.`: refused. */
function reachOf(permission: Permission, role: (typeof ROLE_NAMES)[number], scopeType: "org" | "team" | "project"): string {
  const scopeId = { org: "org", team: "team", project: "here" }[scopeType];
  const grant = resolveGrant("org", permission, [{ role, scopeType, scopeId }]);
  if (!grant) return ".";
  if (grant.org) return "org";
  return [HERE, SIBLING, FAR].map((project, at) => (reaches(grant, project) ? ["own", "team", "far"][at] : null)).filter(Boolean).join("+") || "seen";
}

describe("the matrix", () => {
  it("of roles, procedures and places is the one that was reviewed", async () => {
    const columns = ROLE_NAMES.flatMap((role) => ROLES[role].scopes.map((scope) => ({ role, scope })));
    const head = `${"procedure".padEnd(34)} ${"permission".padEnd(18)} ${columns.map(({ role, scope }) => `${role}@${scope}`.padEnd(22)).join("")}`.trimEnd();
    const rows = [...guarded]
      .sort((a, b) => a.path.localeCompare(b.path))
      .map(({ path, permission }) => `${path.padEnd(34)} ${permission.padEnd(18)} ${columns.map(({ role, scope }) => reachOf(permission as Permission, role, scope).padEnd(22)).join("")}`.trimEnd());
    await expect([head, ...rows, ""].join("\n")).toMatchFileSnapshot("permissions.golden.txt");
  });
});
