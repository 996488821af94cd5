import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PERMISSION_NAMES, PERMISSIONS, type Permission } from "./permissions.ts";
import { type Binding, canDelegate, reaches, resolveGrant, type Role, ROLE_NAMES, ROLE_PERMISSIONS, ROLES } from "./roles.ts";
import { covers, heldAt, type Scope, whyNotGive } from "./scopes.ts";

const ORG = "org";
interface Tree {
  teams: string[];
  projects: { id: string; teamId: string }[];
}

const tree: fc.Arbitrary<Tree> = fc
  .record({ teams: fc.integer({ min: 1, max: 4 }), projects: fc.array(fc.nat(3), { maxLength: 8 }) })
  .map(({ teams, projects }) => {
    const names = Array.from({ length: teams }, (_, at) => `team${at}`);
    return { teams: names, projects: projects.map((team, at) => ({ id: `prj${at}`, teamId: names[team % teams]! })) };
  });

const nodesOf = ({ teams, projects }: Tree): Scope[] => [
  { type: "org", id: ORG, teamId: null },
  ...teams.map((id) => ({ type: "team" as const, id, teamId: null })),
  ...projects.map(({ id, teamId }) => ({ type: "project" as const, id, teamId })),
];

const placed = (of: Tree): fc.Arbitrary<Binding> =>
  fc.record({ role: fc.constantFrom(...ROLE_NAMES), node: fc.constantFrom(...nodesOf(of)) }).map(({ role, node }) => ({ role, scopeType: node.type, scopeId: node.id }));

const world = tree.chain((of) =>
  fc.record({
    tree: fc.constant(of),
    bindings: fc.array(placed(of), { maxLength: 5 }),
    extra: placed(of),
    only: fc.option(fc.subarray([...PERMISSION_NAMES]).map((names) => new Set<string>(names)), { nil: null }),
    bound: of.projects.length > 0 ? fc.option(fc.constantFrom(...of.projects), { nil: null }) : fc.constant(null),
    permission: fc.constantFrom(...PERMISSION_NAMES),
    node: fc.constantFrom(...nodesOf(of)),
  }),
);
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

/**
 * The rule, written a second time and in another way: walk from the node up to the root and look for one binding on the way
 * whose role has the permission. Shares nothing with resolveGrant but the role table.
 */
function mayAt({ tree: of, bindings, only, bound }: Pick<World, "tree" | "bindings" | "only" | "bound">, permission: Permission, node: Scope): boolean {
  if (only !== null && !only.has(permission)) return false;
  if (bound && !(node.type === "project" && node.id === bound.id)) return false;
  const framework = ["org:read", "members:read", "clusters:read"].includes(permission);
  if (PERMISSIONS[permission].scope === "org" && !framework && (bound || !bindings.some((b) => b.scopeId === ORG && ROLE_PERMISSIONS[b.role].has(permission)))) return false;
  const path = [node.id];
  if (node.type === "project") path.push(of.projects.find((project) => project.id === node.id)!.teamId);
  if (node.type !== "org") path.push(ORG);
  return path.some((id) => bindings.some((binding) => binding.scopeId === id && ROLE_PERMISSIONS[binding.role].has(permission)));
}

const grantIn = ({ bindings, only, bound }: Pick<World, "bindings" | "only" | "bound">, permission: Permission) => resolveGrant(ORG, permission, bindings, only, bound);

describe("what a caller holds", () => {
  it("agrees with a second evaluator that walks from the node to the root", () => {
    fc.assert(
      fc.property(world, (w) => {
        // A project-bound token sees the organization's frame whatever its project: that part has its own test.
        if (w.bound && ["org:read", "members:read", "clusters:read"].includes(w.permission)) return;
        expect(covers(grantIn(w, w.permission), w.node)).toBe(mayAt(w, w.permission, w.node));
      }),
      { numRuns: 10_000 },
    );
  });

  it("lists exactly the projects that it would let through one by one", () => {
    fc.assert(
      fc.property(world, (w) => {
        const grant = grantIn(w, w.permission);
        const listed = grant ? w.tree.projects.filter((project) => grant.org || grant.teams.has(project.teamId) || grant.projects.has(project.id)) : [];
        const checked = w.tree.projects.filter((project) => grant !== null && reaches(grant, project));
        expect(listed).toEqual(checked);
      }),
    );
  });

  it("never shrinks when a binding is added", () => {
    fc.assert(
      fc.property(world, (w) => {
        const before = grantIn(w, w.permission);
        const after = grantIn({ ...w, bindings: [...w.bindings, w.extra] }, w.permission);
        for (const node of nodesOf(w.tree)) expect(covers(before, node) && !covers(after, node)).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  it("is nothing without a binding", () => {
    for (const permission of PERMISSION_NAMES) expect(resolveGrant(ORG, permission, [])).toBeNull();
  });

  it("through a token is never more than its owner holds", () => {
    fc.assert(
      fc.property(world, (w) => {
        const token = grantIn(w, w.permission);
        const owner = resolveGrant(ORG, w.permission, w.bindings);
        const frame = ["org:read", "members:read", "clusters:read"].includes(w.permission); // shown to every member, wherever their role is
        for (const node of nodesOf(w.tree)) expect(covers(token, node) && !(frame ? owner !== null : covers(owner, node))).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  it("through a project-bound token is never an act on the organization", () => {
    const owner: Binding[] = [{ role: "owner", scopeType: "org", scopeId: ORG }];
    for (const permission of PERMISSION_NAMES) expect(covers(resolveGrant(ORG, permission, owner, null, { id: "p", teamId: "t" }), { type: "org", id: ORG, teamId: null })).toBe(false);
  });
});

describe("giving roles", () => {
  it("never adds a right that the giver does not hold at that place", () => {
    fc.assert(
      fc.property(world, fc.constantFrom(...ROLE_NAMES), (w, role) => {
        const grantFor = (name: Permission) => grantIn(w, name);
        if (whyNotGive(role, w.node, grantFor)) return;
        const held = heldAt(grantFor, w.node);
        for (const permission of ROLE_PERMISSIONS[role]) expect(held.has(permission)).toBe(true);
        expect((ROLES[role].scopes as readonly string[]).includes(w.node.type)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it.each<[Role, Role[]]>([
    ["owner", ["owner", "admin", "billing", "member", "viewer"]],
    ["admin", ["admin", "billing", "member", "viewer"]],
    ["billing", []],
    ["member", []],
    ["viewer", []],
  ])("lets %s of the organization give %j there", (giver, may) => {
    const grantFor = (name: Permission) => resolveGrant(ORG, name, [{ role: giver, scopeType: "org", scopeId: ORG }]);
    expect(ROLE_NAMES.filter((role) => whyNotGive(role, { type: "org", id: ORG, teamId: null }, grantFor) === null)).toEqual(may);
  });

  it("keeps a team lead inside the team", () => {
    const grantFor = (name: Permission) => resolveGrant(ORG, name, [{ role: "team_lead", scopeType: "team", scopeId: "a" }]);
    expect(whyNotGive("project_admin", { type: "project", id: "p", teamId: "a" }, grantFor)).toBeNull();
    expect(whyNotGive("project_admin", { type: "project", id: "q", teamId: "b" }, grantFor)).not.toBeNull();
    expect(whyNotGive("member", { type: "org", id: ORG, teamId: null }, grantFor)).not.toBeNull();
  });

  it("needs every permission of the role, not most of them", () => {
    const all = new Set(PERMISSION_NAMES);
    for (const role of ROLE_NAMES) {
      expect(canDelegate(role, all)).toBe(true);
      for (const permission of ROLE_PERMISSIONS[role]) expect(canDelegate(role, new Set([...all].filter((name) => name !== permission)))).toBe(false);
    }
  });
});

describe("a role that reads runs", () => {
  it("reads their costs in the same projects, so that a table of runs has either all costs or none", () => {
    for (const role of ROLE_NAMES) if (ROLE_PERMISSIONS[role].has("runs:read")) expect(ROLE_PERMISSIONS[role].has("costs:read"), role).toBe(true);
  });
});
