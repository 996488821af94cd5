import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { cruise } from "./imports.ts";
import { lockGaps } from "./lock-gaps.ts";
import { checkFile } from "./own-rules.ts";

/** A breach of each rule: file, what it imports, the rule that must object. */
const PLANTED: [file: string, imports: string[], rule: string][] = [
  ["domain/runs/a.ts", ["./b.ts"], "no-cycles"],
  ["domain/shared/clock.ts", ["node:fs"], "domain-is-pure"],
  ["domain/agents/wire.ts", ["../../agent/protocol/messages.ts"], "domain-sees-the-wire-as-types"],
  ["domain/clusters/wire.ts", ["../../agent/protocol/messages.ts"], "and-only-in-domain-agents"],
  ["agent/protocol/leak.ts", ["node:os"], "protocol-is-a-leaf"],
  ["agent/loops/leak.ts", ["../../domain/shared/money.ts"], "agent-stands-alone"],
  ["server/agents/leak.ts", ["../../agent/state.ts"], "only-protocol-leaves-agent"],
  ["db/leak.ts", ["../server/costs/queries.ts"], "db-knows-no-caller"],
  ["server/costs/leak.ts", ["../agents/inside.ts"], "borrow-verbs-not-internals"],
  ["server/costs/mount.ts", ["./router.ts"], "routers-from-root-only"],
  ["components/ui/leak.tsx", ["../../db/schema.ts"], "components-hold-no-data"],
  ["app/page.tsx", ["../server/costs/queries.ts"], "pages-go-through-trpc"],
  ["cli/leak.ts", ["../db/schema.ts"], "cli-talks-to-the-api"],
  ["server/costs/tool.ts", ["../../scripts/tool.ts"], "nobody-imports-tools"],
  ["server/costs/fake.ts", ["../../db/factories.ts"], "test-data-stays-out"],
  ["server/costs/rules.ts", ["drizzle-orm"], "sql-stays-home"],
];
const LEAVES = ["agent/protocol/messages.ts", "agent/state.ts", "domain/shared/money.ts", "server/costs/queries.ts", "server/agents/inside.ts", "server/costs/router.ts", "db/schema.ts", "db/factories.ts", "scripts/tool.ts"];

describe("the import rules", () => {
  const root = mkdtempSync(join(tmpdir(), "drover-imports-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const put = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };

  it("catch a planted breach of each kind", () => {
    put("node_modules/drizzle-orm/package.json", JSON.stringify({ name: "drizzle-orm", version: "1.0.0", type: "module", main: "index.js", exports: "./index.js" }));
    put("node_modules/drizzle-orm/index.js", "export const value = 1;\n");
    put("package.json", JSON.stringify({ type: "module", dependencies: { "drizzle-orm": "1.0.0" } }));
    put("tsconfig.json", JSON.stringify({ compilerOptions: { module: "ESNext", moduleResolution: "bundler", allowImportingTsExtensions: true, noEmit: true } }));
    for (const file of LEAVES) put(file, "export const value = 1;\n");
    put("domain/runs/b.ts", 'import { value as other } from "./a.ts";\nexport const value = other;\n');
    for (const [file, imports] of PLANTED) put(file, `${imports.map((name, at) => `import * as it${at} from ${JSON.stringify(name)};`).join("\n")}\nexport const value = [${imports.map((_, at) => `it${at}`).join()}];\n`);
    const { modules, breaches } = cruise(root, ["agent", "app", "cli", "components", "db", "domain", "scripts", "server"]);
    expect(modules).toBeGreaterThan(LEAVES.length + PLANTED.length);
    const caught = new Set(breaches.map(({ rule, from }) => `${rule} in ${from}`));
    for (const [file, , rule] of PLANTED) expect([...caught]).toContain(`${rule} in ${file}`);
  });

  it("read every module of this repository and find no breach", () => {
    const { modules, breaches } = cruise();
    expect(modules).toBeGreaterThan(200);
    expect(breaches).toEqual([]);
  });
});

describe("the lockfile check", () => {
  it("names an optional package that the lockfile does not hold", () => {
    const held = { "": {}, "node_modules/a": { version: "1.0.0", optionalDependencies: { "a-linux": "1.0.0", "a-mac": "1.0.0" } }, "node_modules/a-linux": { version: "1.0.0" } };
    expect(lockGaps({ packages: held })).toEqual(["a-mac (needed by node_modules/a@1.0.0)"]);
  });

  it("finds a package that is nested beside the one that asks", () => {
    const held = { "node_modules/a": { optionalDependencies: { b: "1" } }, "node_modules/a/node_modules/b": {} };
    expect(lockGaps({ packages: held })).toEqual([]);
  });
});

describe("the rules of this repository", () => {
  it.each([
    { says: "a command that opens a transaction without an audit entry", file: "server/costs/commands.ts", text: "await ctx.db.transaction(async (tx) => tx.insert(a));", found: 1 },
    { says: "a command that writes its audit entry", file: "server/costs/commands.ts", text: "await ctx.db.transaction(async (tx) => audit(tx, ctx, entry));", found: 0 },
    { says: "the clock in domain/", file: "domain/costs/accrual.ts", text: "const now = new Date();", found: 1 },
    { says: "a moment made from a number in domain/", file: "domain/costs/accrual.ts", text: "const at = new Date(ms);", found: 0 },
    { says: "a folder named utils", file: "server/utils/a.ts", text: "", found: 1 },
    { says: "a name that only contains such a word", file: "server/library/common-ground.ts", text: "", found: 0 },
    { says: "money parsed to a number", file: "domain/costs/total.ts", text: "export const total = (text: string) => Number(text);", found: 1 },
    { says: "money cut to cents", file: "server/costs/queries/total.ts", text: "const shown = value.toFixed(2);", found: 1 },
    { says: "money declared a number", file: "domain/costs/charge.ts", text: "interface Charge { unitPrice: number }", found: 1 },
    { says: "money read as a float", file: "server/costs/queries/sum.ts", text: "sql`select sum(amount)::float8 from cost_daily`", found: 1 },
    { says: "a time read as a float", file: "server/costs/queries/when.ts", text: "sql`select extract(epoch from at)::float8`", found: 0 },
    { says: "a number elsewhere", file: "domain/clusters/size.ts", text: "const size = Number(text);", found: 0 },
  ])("$says: $found", ({ file, text, found }) => {
    expect(checkFile(file, text)).toHaveLength(found);
  });
});
