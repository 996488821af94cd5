import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Trouble } from "../say.ts";
import { asOwner, giveTo, plainEnv, type Owner, type Place } from "./owner.ts";

/** The user and database that Drover uses inside its own server. */
export const USER = "app";
export const DATABASE = "drover";

/** A data folder that is complete: initdb writes beside it and is renamed, so a killed initdb leaves no half cluster. */
export function ensureCluster(place: Place, owner: Owner | null, options: { sync: boolean }): { data: string; password: string; made: boolean } {
  const data = join(place.folder, "data");
  const passwordFile = join(place.folder, "password");
  if (existsSync(join(data, "PG_VERSION"))) {
    checkMajor(data, place.binaries.version);
    if (owner) for (const path of [data, passwordFile]) if (existsSync(path)) giveTo(owner, path);
    return { data, password: readPassword(passwordFile), made: false };
  }
  const half = join(place.folder, "data.half");
  rmSync(half, { recursive: true, force: true });
  const password = randomBytes(24).toString("base64url");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  chmodSync(passwordFile, 0o600);
  if (owner) chownSync(passwordFile, owner.uid, owner.gid);
  mkdirSync(half, { mode: 0o700 });
  if (owner) chownSync(half, owner.uid, owner.gid);
  const made = spawnSync(
    place.binaries.initdb,
    ["-D", half, "-U", USER, `--pwfile=${passwordFile}`, "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions", ...(options.sync ? [] : ["--no-sync"])],
    { ...asOwner(owner), cwd: "/", env: plainEnv(), encoding: "utf8" },
  );
  if (made.status !== 0) {
    rmSync(half, { recursive: true, force: true });
    const said = `${made.stderr ?? ""}${made.error ?? ""}${made.signal ?? ""}`.trim().split("\n").filter((line) => !/removing|warning/.test(line)).slice(-3).join(" ");
    throw new Trouble(`The database could not be created in ${place.folder}: ${said}`, "Free some disk space or make the folder writable, then start again.");
  }
  renameSync(half, data);
  return { data, password, made: true };
}

function readPassword(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new Trouble(`The database's password file ${file} cannot be read.`, "Start as the user who started Drover here first, or restore the file from a backup.", { cause });
  }
}

function checkMajor(data: string, version: string): void {
  const has = readFileSync(join(data, "PG_VERSION"), "utf8").trim();
  const runs = version.split(".")[0];
  if (has === runs) return;
  throw new Trouble(
    `The data in ${data} was written by PostgreSQL ${has}; this checkout runs ${runs}.`,
    "Go back to the release that wrote it, make a dump there, and restore it here: docs/operations.md, Upgrade.",
  );
}
