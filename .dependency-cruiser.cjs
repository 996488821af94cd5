// Who may import whom. Each rule has a planted breach in scripts/lint/lint.test.ts that must be caught.
const no = (name, from, to) => ({ name, severity: "error", from, to });
const TEST = "\\.(test|spec)\\.tsx?$";
const TYPES = { dependencyTypesNot: ["type-only"] }; // `import type` is not a dependency
const DOMAINS = "(access|agents|clusters|costs|deployments|experiments|models|monitoring|pipelines|queue|sweeps)";
/** Verbs that other domains may borrow, and the agents' services, which are mounted together. */
const BORROWED = ["/(queries|commands|audit)\\.ts$", "/(queries|commands)/", "^server/access/(audit|guard|actor|session|secrets|viewer)\\.ts$", "^server/experiments/(object-store|objects/folder|run-token)\\.ts$"];

module.exports = {
  forbidden: [
    no("no-cycles", {}, { circular: true, viaOnly: TYPES }),
    no("domain-is-pure", { path: "^domain/", pathNot: TEST }, { pathNot: ["^domain/", "^node_modules/(zod|yaml)/", "^agent/protocol/"] }), // yaml: a parser of text, as pure as zod
    no("domain-sees-the-wire-as-types", { path: "^domain/", pathNot: TEST }, { path: "^agent/protocol/", pathNot: "^agent/protocol/gpu-model\\.ts$", ...TYPES }), // but one rule that both sides go by
    no("and-only-in-domain-agents", { path: "^domain/", pathNot: ["^domain/agents/", TEST] }, { path: "^agent/protocol/" }),
    no("protocol-is-a-leaf", { path: "^agent/protocol/", pathNot: TEST }, { pathNot: ["^agent/protocol/", "^node_modules/zod"] }),
    no("agent-stands-alone", { path: "^agent/", pathNot: TEST }, { path: "^(app|components|cli|db|domain|server|env|paths|scripts)|^node_modules/(next|react|drizzle-orm|@trpc|postgres|hono)" }),
    no("only-protocol-leaves-agent", { pathNot: ["^agent/", "^(bench|chaos)/", TEST] }, { path: "^agent/", pathNot: "^agent/protocol/" }),
    no("db-knows-no-caller", { path: "^db/", pathNot: TEST }, { path: "^(app|components|server|agent|cli|e2e|chaos|bench|scripts)/" }),
    no("borrow-verbs-not-internals", { path: `^server/${DOMAINS}/`, pathNot: [TEST, "/testing\\.ts$"] }, { path: `^server/${DOMAINS}/`, pathNot: ["^server/$1/", ...BORROWED], ...TYPES }),
    no("routers-from-root-only", { pathNot: ["^server/trpc/root", TEST] }, { path: "^server/[^/]+/router\\.ts$" }),
    no("components-hold-no-data", { path: "^components/", pathNot: TEST }, { path: "^(db|server|app|agent|cli)/", ...TYPES }),
    no("pages-go-through-trpc", { path: "^app/", pathNot: "route\\.ts$" }, { path: "^(db|server)/", pathNot: "^server/trpc/rsc", ...TYPES }),
    no("cli-talks-to-the-api", { path: "^cli/", pathNot: TEST }, { path: "^(app|components|db|server|agent|env|scripts)", ...TYPES }),
    no("nobody-imports-tools", { pathNot: ["^(scripts|chaos|bench|e2e|db)/", "^(playwright|vitest)\\.config\\.ts$", TEST] }, { path: "^(scripts|chaos|bench|e2e)/" }),
    no("test-data-stays-out", { pathNot: ["^(scripts|chaos|bench|e2e|db)/", "/testing\\.ts$", TEST] }, { path: "^db/(testing|factories|seed)\\.ts$" }),
    no("sql-stays-home", { pathNot: ["^(db|scripts|chaos|bench|e2e)/", "^drizzle", "^server/[^/]+/(queries|commands|jobs)", "^server/jobs/", "/(audit|queue|worker)\\.ts$", TEST] }, { path: "^node_modules/drizzle-orm", ...TYPES }),
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(\\.next|dist|\\.drover)/" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "require", "node", "default", "types"] },
  },
};
