import { randomBytes } from "node:crypto";
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { end, forget, type Identity, recall, remember } from "../process/identity.ts";
import { ROOT } from "../root.ts";
import { Trouble } from "../say.ts";

const NEEDED_MIB = 512;

/** Where one installation keeps everything: secret, database, objects, logs, the local agent. */
export class State {
  readonly folder: string;

  constructor(folder = process.env.DROVER_STATE ?? join(ROOT, ".drover")) {
    this.folder = resolve(folder);
  }

  /** @throws Trouble when the folder cannot be written to, or its disk is nearly full. */
  prepare(): void {
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o711 }); // the database's user walks through it
      for (const name of ["logs", "run", "objects"]) mkdirSync(join(this.folder, name), { recursive: true, mode: 0o700 });
      accessSync(this.folder, constants.W_OK);
      chmodSync(this.folder, 0o711); // a restored copy may have come with less
    } catch (cause) {
      throw new Trouble(`${this.folder} cannot be written to.`, "Start as the user who owns it, or set DROVER_STATE to a folder of your own.", { cause });
    }
    const { bavail, bsize } = statfsSync(this.folder);
    const free = Math.floor((bavail * bsize) / 1024 / 1024);
    if (free < NEEDED_MIB) throw new Trouble(`Only ${free} MiB of disk are free under ${this.folder}; Drover needs ${NEEDED_MIB} MiB to start.`, "Free some space, or set DROVER_STATE to a folder on another disk.");
  }

  log(name: string): string {
    return join(this.folder, "logs", `${name}.log`);
  }

  get postgres(): string {
    return join(this.folder, "postgres");
  }

  get objects(): string {
    return join(this.folder, "objects");
  }

  get agent(): string {
    return join(this.folder, "agent");
  }

  /** Signs sessions. Made once; without it everybody has to sign in again. */
  secret(): string {
    const file = join(this.folder, "secret");
    if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString("hex"), { mode: 0o600, flag: "wx" });
    return readFileSync(file, "utf8").trim();
  }

  pidFile(name: string): string {
    return join(this.folder, "run", `${name}.json`);
  }

  /** One launcher per folder. What a killed one left behind is stopped first; its database is adopted later. */
  async take(onLeftover: (name: string) => void): Promise<void> {
    const other = recall(this.pidFile("launcher"));
    if (other && other.pid !== process.pid) throw new Trouble(`Drover already runs here (process ${other.pid}).`, "Open its page, or stop it first: Ctrl-C in its terminal.");
    remember(this.pidFile("launcher"), process.pid);
    for (const name of ["agent", "worker", "server"]) {
      const left: Identity | null = recall(this.pidFile(name));
      if (left) {
        onLeftover(name);
        await end(left, "SIGTERM", 5_000);
      }
      forget(this.pidFile(name));
    }
  }

  release(): void {
    forget(this.pidFile("launcher"));
  }
}
