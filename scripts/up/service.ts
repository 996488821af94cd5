import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { end, forget, type Identity, identify, isSame, remember } from "../process/identity.ts";
import { Tail } from "./tail.ts";

export interface ServiceOptions {
  name: string;
  /** Arguments to this Node. */
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  log: string;
  pidFile: string;
  say: (line: string) => void;
}

const FIRST_DELAY_MS = 250;
const LAST_DELAY_MS = 15_000;
const STEADY_MS = 30_000;

/** One child process that is started again when it dies, ever more slowly while it keeps dying. */
export class Service {
  readonly options: ServiceOptions;
  #identity: Identity | null = null;
  #exited: Promise<void> = Promise.resolve();
  #wanted = false;
  #delay = FIRST_DELAY_MS;
  #retry: NodeJS.Timeout | null = null;
  #tail: Tail | null = null;
  /** Ends since the start that nobody asked for. */
  crashes = 0;

  constructor(options: ServiceOptions) {
    this.options = options;
  }

  get pid(): number | null {
    return this.#identity?.pid ?? null;
  }

  start(): void {
    this.#wanted = true;
    this.#tail ??= new Tail(this.options.log, this.options.say);
    this.#spawn();
  }

  #spawn(): void {
    const out = openSync(this.options.log, "a", 0o600);
    const began = performance.now();
    // A group of its own: Ctrl-C at the terminal reaches the launcher alone, which stops things in order. Output goes
    // straight to the file, so a killed launcher takes nobody's standard output away.
    const child = spawn(process.execPath, this.options.args, { cwd: this.options.cwd, env: this.options.env, detached: true, stdio: ["ignore", out, out] });
    closeSync(out);
    this.#identity = child.pid ? identify(child.pid) : null;
    if (child.pid) remember(this.options.pidFile, child.pid);
    this.#exited = new Promise((resolve) => {
      const over = (how: string) => {
        resolve();
        this.#identity = null;
        forget(this.options.pidFile);
        if (this.#wanted) this.#comeBack(how, performance.now() - began);
      };
      child.once("exit", (code, signal) => over(signal ?? `exit code ${code}`)).once("error", (error) => over(error.message));
    });
  }

  #comeBack(how: string, livedMs: number): void {
    this.crashes += 1;
    if (livedMs > STEADY_MS) this.#delay = FIRST_DELAY_MS;
    this.options.say(`ended (${how}); starts again in ${(this.#delay / 1000).toFixed(1)} s`);
    this.#retry = setTimeout(() => this.#wanted && this.#spawn(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, LAST_DELAY_MS);
  }

  /** @returns false when it had to be killed. */
  async stop(graceMs: number): Promise<boolean> {
    this.#wanted = false;
    if (this.#retry) clearTimeout(this.#retry);
    const identity = this.#identity;
    let clean = true;
    if (identity && isSame(identity)) {
      clean = await end(identity, "SIGTERM", graceMs);
      await this.#exited;
    }
    forget(this.options.pidFile);
    this.#tail?.close();
    this.#tail = null;
    return clean;
  }

  /** At once, without asking. */
  kill(): void {
    this.#wanted = false;
    if (this.#identity && isSame(this.#identity)) process.kill(this.#identity.pid, "SIGKILL");
    forget(this.options.pidFile);
  }

  /** The end of its log, to say why it does not start. */
  lastWords(lines = 12): string {
    try {
      return readFileSync(this.options.log, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
    } catch {
      return "";
    }
  }
}
