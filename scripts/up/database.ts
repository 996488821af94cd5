import { join } from "node:path";
import { openSql } from "../../db/connection.ts";
import { migrate } from "../../db/migrate.ts";
import { EmbeddedPostgres } from "../postgres/postmaster.ts";
import { ROOT } from "../root.ts";
import { say, since, Trouble } from "../say.ts";
import type { State } from "./state.ts";

const OLDEST_MAJOR = 15;

export interface Database {
  url: string;
  /** Null when DATABASE_URL names a server of one's own. */
  embedded: EmbeddedPostgres | null;
}

/** The embedded server, or the one that DATABASE_URL names: reachable, new enough, migrated. */
export async function openDatabase(state: State, ownUrl: string | undefined): Promise<Database> {
  const database = ownUrl ? await takeOwn(ownUrl) : await takeEmbedded(state);
  await migrateAll(database.url);
  return database;
}

async function takeEmbedded(state: State): Promise<Database> {
  const start = performance.now();
  const embedded = new EmbeddedPostgres({ folder: state.postgres, log: state.log("postgres"), say: (line) => say.warn(line) });
  await embedded.start();
  const verb = { made: "created and started", started: "started", adopted: "was still running" }[embedded.how];
  say.done(`PostgreSQL ${embedded.version} ${verb} (${since(start)})`);
  return { url: embedded.url(), embedded };
}

async function takeOwn(url: string): Promise<Database> {
  const major = await checkServer(url);
  say.done(`PostgreSQL ${major} of DATABASE_URL answers`);
  return { url, embedded: null };
}

/** @returns the server's major version. @throws Trouble that says what to change. */
export async function checkServer(url: string): Promise<number> {
  let place: string;
  try {
    const parsed = new URL(url);
    if (!/^postgres(ql)?:$/.test(parsed.protocol)) throw new Error("not a postgres URL");
    place = `${parsed.hostname || "localhost"}:${parsed.port || "5432"}`;
  } catch (cause) {
    throw new Trouble("DATABASE_URL is not a PostgreSQL URL.", "Write it as postgres://user:password@host:5432/database", { cause });
  }
  const sql = openSql(url, { max: 1, connect_timeout: 10, backoff: false, fetch_types: false });
  try {
    const [row] = await sql<{ version: number }[]>`select current_setting('server_version_num')::int as version`.simple(); // poolers and old servers answer this, too
    const major = Math.floor(row!.version / 10_000);
    if (major < OLDEST_MAJOR) throw new Trouble(`PostgreSQL ${major} at ${place} is too old; Drover needs ${OLDEST_MAJOR} or newer.`, "Upgrade it, or unset DATABASE_URL to use the embedded one.");
    return major;
  } catch (error) {
    throw error instanceof Trouble ? error : explain(error, place);
  } finally {
    await sql.end({ timeout: 1 }).catch(() => {});
  }
}

const CURES: Record<string, string> = {
  ECONNREFUSED: "Nothing listens there: start the server, or correct host and port in DATABASE_URL.",
  ENOTFOUND: "There is no such host: correct it in DATABASE_URL.",
  CONNECT_TIMEOUT: "It does not answer: check the address, the firewall and the network.",
  "28P01": "The password is wrong: correct it in DATABASE_URL.",
  "28000": "This user may not connect from here: see pg_hba.conf, or add ?sslmode=require to DATABASE_URL.",
  "3D000": "Create it first: createdb, or CREATE DATABASE.",
  ECONNRESET: "The server does not speak TLS, or refused it: change sslmode in DATABASE_URL.",
};

function explain(error: unknown, place: string): Trouble {
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  const inner = (error as { errors?: { code?: string; message: string }[] }).errors?.[0];
  const known = CURES[code] ?? CURES[inner?.code ?? ""];
  return new Trouble(`The database at ${place} cannot be used: ${message || inner?.message || code}`, known ?? "Correct DATABASE_URL, or unset it to use the embedded PostgreSQL.", { cause: error });
}

/** Apply what is new of db/migrations. */
export async function migrateAll(url: string): Promise<void> {
  const start = performance.now();
  try {
    const applied = await migrate(url, join(ROOT, "db", "migrations"));
    if (applied.length > 0) say.done(`database migrated: ${applied.length} step${applied.length === 1 ? "" : "s"} (${since(start)})`);
  } catch (cause) {
    throw new Trouble(`The database could not be migrated: ${cause instanceof Error ? cause.message : String(cause)}`, "Nothing of the failed step was kept. docs/operations.md, Upgrade, says what to do.", { cause });
  }
}
