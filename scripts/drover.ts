import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureBundles, ensurePages } from "./build.ts";
import type { Bundle } from "./build/bundles.ts";
import { ROOT } from "./root.ts";
import { report, say } from "./say.ts";

const HELP = `Drover: one console and one API over all the GPU clusters a team has.

On this machine
  up [--port N] [--keep-jobs | --stop-jobs] [--no-open] [--dev]
                                            start everything here and stay in the foreground; --dev: from the sources
  test [area…]                              run every test: lint, types, unit, build, e2e, chaos, slurm
  doctor                                    check this machine and this checkout
  backup FOLDER                             copy the embedded database while it runs
  seed                                      fill an empty database with a demonstration organization
  build                                     build what changed

One process each, for real installations (docs/operations.md)
  server · worker · agent enrol|run|status
  migrate                                   bring the database of DATABASE_URL to this release
  setup-link                                print the one-time link for the first owner

The command line of a running Drover
  login · whoami · run · runs · show · logs · shell · cancel · retry
  clusters · secrets · token · import · completion                          each with --help`;

/** Commands that are a module of this folder. */
const SCRIPTS: Record<string, () => Promise<{ main: (args: string[]) => Promise<void> }>> = {
  up: () => import("./up.ts"),
  test: () => import("./test.ts"),
  doctor: () => import("./doctor.ts"),
  backup: () => import("./backup.ts"),
  seed: () => import("./seed.ts"),
  build: () => import("./build.ts"),
  lint: () => import("./lint.ts"),
  migrate: () => import("./migrate.ts"),
  "setup-link": () => import("./setup-link.ts"),
};

/** Run a bundle in place of this process: signals and the exit code pass through. */
async function hand(name: Bundle["name"], args: string[]): Promise<void> {
  await ensureBundles([name]);
  process.argv.splice(1, process.argv.length - 1, join(ROOT, "dist", `${name}.mjs`), ...args);
  await import(pathToFileURL(process.argv[1]!).href);
}

async function dispatch([command = "help", ...args]: string[]): Promise<void> {
  if (["help", "--help", "-h"].includes(command)) return say.plain(HELP);
  const script = SCRIPTS[command];
  if (script) {
    if (args.some((word) => word === "--help" || word === "-h")) return say.plain(HELP);
    await (await script()).main(args);
    return process.exit();
  }
  if (command === "server" || command === "worker") {
    Object.assign(process.env, { NODE_ENV: process.env.NODE_ENV ?? "production" });
    if (command === "server" && process.env.DROVER_CONSOLE !== "off") await ensurePages();
    return hand(command, args);
  }
  if (command === "agent") return hand("agent", args);
  return hand("cli", [command, ...args]);
}

try {
  await dispatch(process.argv.slice(2));
} catch (error) {
  report(error);
  process.exit(1);
}
