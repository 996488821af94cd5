import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EmbeddedPostgres } from "../scripts/postgres/postmaster.ts";

/** The embedded server as a victim: it syncs to disk, and is started again by its own watch when it dies. */
export class PostgresVictim {
  readonly #server: EmbeddedPostgres;
  readonly name = "postgres";

  constructor(folder: string) {
    this.#server = new EmbeddedPostgres({ folder: join(folder, "postgres"), log: join(folder, "logs", "postgres.log"), durable: true, maxConnections: 100 });
  }

  async start(): Promise<string> {
    await this.#server.start();
    return this.#server.url();
  }

  get pid(): number | null {
    try {
      return Number(readFileSync(join(this.#server.dataFolder, "postmaster.pid"), "utf8").split("\n")[0]);
    } catch {
      return null; // between a crash and the next start
    }
  }

  signal(name: NodeJS.Signals): void {
    const { pid } = this;
    if (!pid) return;
    try {
      process.kill(pid, name);
    } catch {
      // the pid file outlived its server: it is dead already
    }
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
