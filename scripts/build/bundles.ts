import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BuildOptions } from "esbuild";
import { ROOT } from "../root.ts";
import { Trouble } from "../say.ts";

export interface Bundle {
  name: "server" | "worker" | "agent" | "cli";
  /** Its files, by name: the one that is started, and what it starts in threads. */
  entries: Readonly<Record<string, string>>;
  /** What it is made of: a change of any rebuilds it. */
  sources: readonly string[];
  /** True: one file that runs with Node alone. False: the packages of `BESIDE` are taken from node_modules. */
  alone: boolean;
}

/**
 * Not in the bundles of server and worker: Next with its pages, what only some requests load, and what the pages share with the
 * server or what looks for files beside itself. All other packages are: of drizzle-orm and better-auth a start would else read
 * a thousand files, which takes four times as long as all the rest of it.
 */
const BESIDE = ["next", "@aws-sdk/client-s3", "pdfmake", "postgres", "pino", "pg-boss"];

const SERVER = ["server", "db", "domain", "agent/protocol", "env.ts", "paths.ts", "package-lock.json"];

export const BUNDLES: readonly Bundle[] = [
  { name: "server", entries: { server: "server/main.ts", reducer: "server/experiments/reduce/thread.ts" }, sources: SERVER, alone: false },
  { name: "worker", entries: { worker: "server/worker.ts" }, sources: SERVER, alone: false },
  { name: "agent", entries: { agent: "agent/main.ts" }, sources: ["agent", "package-lock.json"], alone: true },
  { name: "cli", entries: { cli: "cli/main.ts" }, sources: ["cli", "domain", "server", "paths.ts", "package-lock.json"], alone: true },
];

/** Packages written for CommonJS call `require`, which a module does not have. */
const REQUIRE = 'import { createRequire as droverRequire } from "node:module"; const require = droverRequire(import.meta.url);';

function optionsOf(bundle: Bundle, version: string): BuildOptions {
  return {
    absWorkingDir: ROOT,
    entryPoints: Object.entries(bundle.entries).map(([out, source]) => ({ in: source, out })),
    outdir: "dist",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: bundle.alone ? "node20" : "node22",
    external: bundle.alone ? [] : BESIDE,
    banner: { js: bundle.alone ? `#!/usr/bin/env node\n${REQUIRE}` : REQUIRE },
    define: { "process.env.DROVER_VERSION": JSON.stringify(version) },
    sourcemap: bundle.alone ? false : "linked",
    sourcesContent: false, // they lie beside; Node keeps the whole map in memory
    legalComments: bundle.alone ? "eof" : "none",
    logLevel: "silent",
  };
}

/** Bundle one process. Each file appears whole or not at all: a running `up` may be about to start it. */
export async function buildBundle(bundle: Bundle): Promise<void> {
  const missing = Object.values(bundle.entries).find((entry) => !existsSync(join(ROOT, entry)));
  if (missing) throw new Trouble(`${missing} is missing.`, "Check out the whole repository again.");
  const { build } = await import("esbuild");
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  let files: { path: string; contents: Uint8Array }[];
  try {
    files = (await build({ ...optionsOf(bundle, version), write: false })).outputFiles;
  } catch (cause) {
    throw new Trouble(`dist/${bundle.name}.mjs could not be built: ${cause instanceof Error ? cause.message : String(cause)}`, "Correct the source named above.", { cause });
  }
  for (const file of files) {
    writeFileSync(`${file.path}.new`, file.contents, { mode: bundle.alone ? 0o755 : 0o644 });
    renameSync(`${file.path}.new`, file.path);
  }
}
