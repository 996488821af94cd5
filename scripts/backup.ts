import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import postgres, { type ReservedSql } from "postgres";
import { isS3 } from "../server/experiments/objects/target.ts";
import { copyLive } from "./backup/copy-live.ts";
import { findBinaries } from "./postgres/binaries.ts";
import { DATABASE, USER } from "./postgres/cluster.ts";
import { chooseOwner, choosePlace, type Place } from "./postgres/owner.ts";
import { ROOT } from "./root.ts";
import { say, since, timed, Trouble } from "./say.ts";
import { State } from "./up/state.ts";

/** What a restored server makes anew, or must not find: the list of pg_basebackup. */
const LEFT_OUT = new Set(["postmaster.pid", "postmaster.opts", "pg_wal", "pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans"]);

/** `./drover backup FOLDER`: database, secret and objects, while everything runs. Restore: docs/operations.md. */
export async function main([target, ...rest]: string[]): Promise<void> {
  if (!target || rest.length > 0) throw new Trouble("Say where the backup goes.", "Use: ./drover backup FOLDER (a new one)");
  if (process.env.DATABASE_URL) throw new Trouble("DATABASE_URL names a PostgreSQL of your own.", "Back it up with its own tools, such as pg_dump or pg_basebackup; copy the objects folder (DROVER_OBJECTS) after it.");
  const folder = resolve(target);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Trouble(`${folder} is not empty.`, "Name a new folder.");
  const state = new State();
  const place = choosePlace(state.postgres, findBinaries(), chooseOwner());
  const start = performance.now();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await timed("copying the database", "database copied", () => copyDatabase(place, join(folder, "postgres")));
  // After the database: an object that a row names is then always in the copy.
  await copyObjects(state, join(folder, "objects"));
  writeFileSync(join(folder, "secret"), process.env.DROVER_SECRET ?? readFileSync(join(state.folder, "secret")), { mode: 0o600 });
  const agent = process.env.DROVER_AGENT_STATE ?? state.agent;
  if (existsSync(agent)) await copyLive(agent, join(folder, "agent"), (path) => path.endsWith(".lock"));
  say.done(`backup complete in ${folder} (${since(start)})`);
}

/** From where `./drover up` keeps them in this environment; those in a bucket are its own keeper's. */
async function copyObjects(state: State, folder: string): Promise<void> {
  const own = process.env.DROVER_OBJECTS;
  if (own && isS3(own)) return say.warn(`the objects are in ${own} and were not copied: back up that bucket, too`);
  await timed("copying objects", "objects copied", () => copyLive(own ? resolve(ROOT, own) : state.objects, folder));
}

async function copyDatabase(place: Place, folder: string): Promise<void> {
  const read = (name: string) => readFileSync(join(place.folder, name), "utf8").trim();
  const data = join(place.folder, "data");
  const sql = postgres(`postgres://${USER}:${read("password")}@127.0.0.1:${read("port")}/${DATABASE}`, { max: 2, onnotice: () => {} });
  try {
    const session = await sql.reserve().catch((cause: unknown) => {
      throw new Trouble("The embedded database does not answer.", "Start it with ./drover up, or stop everything and copy the state folder as it is.", { cause });
    });
    await copyOnline(session, data, join(folder, "data"));
    session.release();
  } finally {
    await sql.end({ timeout: 5 });
  }
  copyFileSync(join(place.folder, "password"), join(folder, "password"));
}

/** The physical backup of PostgreSQL's manual: one session holds it open while files are copied under writes; the log makes them whole. */
async function copyOnline(session: ReservedSql, data: string, copy: string): Promise<void> {
  // Keeps every log segment from here on; it vanishes with the session.
  await session`select pg_create_physical_replication_slot(${`drover_backup_${process.pid}`}, true, true)`;
  await session`select pg_backup_start('drover', true)`;
  await copyLive(data, copy, (path) => LEFT_OUT.has(path));
  for (const name of LEFT_OUT) if (name.startsWith("pg_")) mkdirSync(join(copy, name), { recursive: true, mode: 0o700 });
  const [stop] = await session<{ labelfile: string; spcmapfile: string }[]>`select labelfile, spcmapfile from pg_backup_stop(false)`;
  writeFileSync(join(copy, "backup_label"), stop!.labelfile, { mode: 0o600 });
  await session`select pg_switch_wal()`;
  await copyLive(join(data, "pg_wal"), join(copy, "pg_wal"));
}
