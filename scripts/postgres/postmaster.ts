import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { commandLine, end, type Identity, identify, isSame } from "../process/identity.ts";
import { Trouble } from "../say.ts";
import { DATABASE, ensureCluster, USER } from "./cluster.ts";
import { findBinaries } from "./binaries.ts";
import { asOwner, chooseOwner, choosePlace, plainEnv, type Owner, type Place } from "./owner.ts";
import { freePort, isFree } from "./ports.ts";

export interface PostgresOptions {
  /** Where data, password and port are kept. */
  folder: string;
  /** The server's own words go to this file. */
  log: string;
  /** False for tests: nothing waits for the disk, and a crash of the machine may lose data. */
  durable?: boolean;
  maxConnections?: number;
  say?: (line: string) => void;
}

const READY_SECONDS = 120; // recovery after a crash may have much to replay
const STOP_MS = 30_000;
const WATCH_MS = 250;

/** The embedded PostgreSQL: started or adopted, started again when it dies, stopped cleanly. */
export class EmbeddedPostgres {
  readonly options: PostgresOptions;
  readonly #owner: Owner | null;
  readonly #place: Place;
  readonly #data: string;
  readonly #password: string;
  #port = 0;
  #running: Identity | null = null;
  #wanted = false;
  #watch: NodeJS.Timeout | null = null;
  /** Restarts after crashes, for those who show it. */
  restarts = 0;
  /** How this start went. */
  how: "made" | "started" | "adopted" = "started";

  constructor(options: PostgresOptions) {
    this.options = options;
    this.#owner = chooseOwner();
    this.#place = choosePlace(options.folder, findBinaries(), this.#owner);
    if (this.#place.moved) options.say?.(`the database lives in ${this.#place.folder}: ${this.#place.moved}`);
    const { data, password, made } = ensureCluster(this.#place, this.#owner, { sync: options.durable !== false });
    this.#data = data;
    this.#password = password;
    if (made) this.how = "made";
  }

  get version(): string {
    return this.#place.binaries.version;
  }

  get pid(): number | null {
    return this.#running?.pid ?? null;
  }

  get dataFolder(): string {
    return this.#data;
  }

  url(database = DATABASE): string {
    return `postgres://${USER}:${this.#password}@127.0.0.1:${this.#port}/${database}`;
  }

  /** Ready to take queries when this resolves. */
  async start(): Promise<void> {
    this.#wanted = true;
    const living = this.#findLiving();
    if (living) {
      this.#running = living.identity;
      this.#port = living.port;
      this.how = "adopted";
    } else {
      this.#port = await this.#choosePort();
      this.#spawn();
    }
    await this.#waitReady();
    await this.#ensureDatabase();
    this.#watch = setInterval(() => void this.#look(), WATCH_MS);
    this.#watch.unref();
  }

  /** Fast shutdown: sessions are ended, what was committed is on disk. */
  async stop(): Promise<void> {
    this.#wanted = false;
    if (this.#watch) clearInterval(this.#watch);
    if (this.#running) await end(this.#running, "SIGINT", STOP_MS);
    this.#running = null;
  }

  /** A postmaster of this very data folder that outlived its launcher. A stale pid file is removed: its pid may be anybody's. */
  #findLiving(): { identity: Identity; port: number } | null {
    const file = join(this.#data, "postmaster.pid");
    let lines: string[];
    try {
      lines = readFileSync(file, "utf8").split("\n");
    } catch {
      return null;
    }
    const identity = identify(Number(lines[0]));
    if (identity && commandLine(identity.pid).includes(this.#data)) return { identity, port: Number(lines[3]) };
    rmSync(file, { force: true });
    return null;
  }

  /** The port of the last time, when it is still free: other tools may have noted it. */
  async #choosePort(): Promise<number> {
    const file = join(this.#place.folder, "port");
    let port = 0;
    try {
      port = Number(readFileSync(file, "utf8"));
    } catch {
      // first start
    }
    if (!(port > 0 && (await isFree(port)))) port = await freePort();
    writeFileSync(file, String(port));
    return port;
  }

  #spawn(): void {
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      max_connections: String(this.options.maxConnections ?? 200),
      shared_buffers: "256MB",
      ...(this.options.durable === false ? { fsync: "off", synchronous_commit: "off", full_page_writes: "off" } : {}),
    };
    const args = Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
    const out = openSync(this.options.log, "a");
    // Its own process group: Ctrl-C at the terminal reaches the launcher alone, which stops things in order.
    const child = spawn(this.#place.binaries.postgres, ["-D", this.#data, "-p", String(this.#port), ...args], { ...asOwner(this.#owner), cwd: "/", detached: true, stdio: ["ignore", out, out], env: plainEnv() });
    closeSync(out);
    child.on("error", () => {}); // an exit is seen by the watch
    child.unref();
    this.#running = child.pid ? identify(child.pid) : null;
  }

  async #waitReady(): Promise<void> {
    const deadline = performance.now() + READY_SECONDS * 1000;
    let attempts = 0;
    for (;;) {
      const answer = await this.#ask();
      if (answer === "ready" || !this.#wanted) return;
      const dead = !this.#running || !isSame(this.#running);
      if (performance.now() > deadline || (dead && attempts >= 20)) throw this.#failure(answer);
      // Workers of a killed postmaster hold its shared memory for a moment: it cannot start before they are gone.
      if (dead) {
        attempts += 1;
        await pause(250);
        this.#spawn();
      }
      await pause(dead ? 200 : 30);
    }
  }

  #failure(answer: string): Trouble {
    let last = "";
    try {
      last = readFileSync(this.options.log, "utf8").trim().split("\n").findLast((line) => /FATAL|PANIC|ERROR/.test(line)) ?? "";
    } catch {
      // no log: the answer says what there is to say
    }
    return new Trouble(`The embedded PostgreSQL did not start: ${last || answer}`, `Its log is ${this.options.log}. A full disk, or a data folder of another user, are the usual reasons.`);
  }

  /** @returns "ready", or what it said instead. */
  async #ask(): Promise<string> {
    const sql = postgres(this.url("postgres"), { max: 1, connect_timeout: 5, onnotice: () => {}, backoff: false, fetch_types: false });
    try {
      await sql`select 1`;
      return "ready";
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      await sql.end({ timeout: 1 }).catch(() => {});
    }
  }

  async #ensureDatabase(): Promise<void> {
    const sql = postgres(this.url("postgres"), { max: 1, onnotice: () => {}, fetch_types: false });
    try {
      const [found] = await sql`select 1 from pg_database where datname = ${DATABASE}`;
      if (!found) await sql.unsafe(`create database ${DATABASE}`);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }

  async #look(): Promise<void> {
    if (!this.#wanted || (this.#running && isSame(this.#running))) return;
    if (this.#watch) clearInterval(this.#watch);
    this.restarts += 1;
    this.options.say?.("the database died and is started again");
    this.#findLiving(); // clears the stale pid file
    this.#spawn();
    try {
      await this.#waitReady();
      this.options.say?.("the database is back");
    } catch (error) {
      this.options.say?.(error instanceof Error ? error.message : String(error));
    }
    if (!this.#wanted) return;
    this.#watch = setInterval(() => void this.#look(), WATCH_MS);
    this.#watch.unref();
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
