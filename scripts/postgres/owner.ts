import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Binaries } from "./binaries.ts";
import { binariesAt } from "./binaries.ts";
import { Trouble } from "../say.ts";

/** Whom the database server runs as. PostgreSQL refuses root, so root hands it to `postgres`, or to `nobody`. */
export interface Owner {
  uid: number;
  gid: number;
  name: string;
}

/** @returns null when we are not root: the server then runs as whoever we are. */
export function chooseOwner(): Owner | null {
  if (process.getuid?.() !== 0) return null;
  const users = new Map(
    readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .filter((fields) => fields.length > 3)
      .map(([name, , uid, gid]) => [name!, { name: name!, uid: Number(uid), gid: Number(gid) }]),
  );
  return users.get("postgres") ?? users.get("nobody") ?? { name: "nobody", uid: 65_534, gid: 65_534 };
}

/** Make a restored or handed-over tree the owner's. */
export function giveTo(owner: Owner, path: string): void {
  if (statSync(path).uid === owner.uid) return;
  spawnSync("chown", ["-R", `${owner.uid}:${owner.gid}`, path], { stdio: "ignore" });
}

export const asOwner = (owner: Owner | null): { uid?: number; gid?: number } => (owner ? { uid: owner.uid, gid: owner.gid } : {});

/** What the database server sees of our environment: nothing but where programs are. */
export const plainEnv = (): NodeJS.ProcessEnv => ({ LC_ALL: "C", PATH: process.env.PATH ?? "", NODE_ENV: "production" });

/** Whether this user can walk into a folder: a home with mode 700 anywhere above it says no. */
function canEnter(owner: Owner, folder: string): boolean {
  return spawnSync("/bin/sh", ["-c", 'cd "$1"', "sh", folder], { ...asOwner(owner), cwd: "/", stdio: "ignore" }).status === 0;
}

export interface Place {
  binaries: Binaries;
  /** Holds the data folder; belongs to the owner. */
  folder: string;
  /** Why it is not where it was asked for; null when it is. */
  moved: string | null;
}

/** Choose where data and binaries live so that the owner reaches them: under /var/lib when the wanted folder is closed to it. */
export function choosePlace(wanted: string, binaries: Binaries, owner: Owner | null): Place {
  mkdirSync(wanted, { recursive: true, mode: 0o711 });
  if (!owner) return { binaries, folder: wanted, moved: null };
  chmodSync(wanted, 0o711);
  const open = canEnter(owner, wanted);
  // Never start an empty database elsewhere while one lies here.
  if (!open && existsSync(join(wanted, "data"))) throw new Trouble(`There is a database in ${wanted}, and ${owner.name} may not enter a folder above it.`, "Open the way (chmod o+x on those folders), or set DROVER_STATE to where it can be reached.");
  const folder = open ? wanted : join("/var/lib", `drover-${createHash("sha256").update(wanted).digest("hex").slice(0, 8)}`);
  if (!open) mkdirSync(folder, { recursive: true, mode: 0o711 });
  chownSync(folder, owner.uid, owner.gid);
  const usable = canEnter(owner, join(binaries.home, "bin")) ? binaries : copyBinaries(binaries, folder);
  return { binaries: usable, folder, moved: open ? null : `${owner.name} may not enter ${dirname(wanted)}` };
}

function copyBinaries(binaries: Binaries, folder: string): Binaries {
  const copy = join(folder, `postgres-${binaries.version}`);
  if (!existsSync(copy)) {
    const half = `${copy}.half`;
    rmSync(half, { recursive: true, force: true });
    cpSync(binaries.home, half, { recursive: true, verbatimSymlinks: true });
    renameSync(half, copy);
  }
  return binariesAt(copy);
}
