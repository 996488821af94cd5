import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, readdirSync } from "node:fs";
import type { Fuses } from "./fuses.ts";

export interface Service {
  name: string;
  command: string[];
  env: Record<string, string>;
  log: string;
}

/** One supervised process that can be killed and started again, by process id only. */
export class Supervised {
  readonly service: Service;
  #child: ChildProcess | null = null;
  #wanted = false;
  #killed = false;
  /** Fail-points: each start is armed with those that are left. */
  fuses: Fuses | null = null;
  /** Settings of a scenario, for every start until they are taken away. */
  extraEnv: Record<string, string> = {};

  constructor(service: Service) {
    this.service = service;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  start(): void {
    this.#wanted = true;
    this.#killed = false;
    const { fuses } = this;
    const extra = { ...this.extraEnv, ...fuses?.env() };
    const out = openSync(this.service.log, "a");
    const [file, ...args] = this.service.command;
    const child = spawn(file!, args, { env: { ...process.env, ...this.service.env, ...extra }, stdio: ["ignore", out, out] });
    closeSync(out);
    this.#child = child;
    child.once("exit", (_code, signal) => {
      if (signal === "SIGKILL" && !this.#killed) fuses?.burn(readFileSync(this.service.log, "latin1"));
      if (this.#child !== child) return;
      this.#child = null;
      if (this.#wanted) setTimeout(() => this.#wanted && !this.#child && this.start(), 150);
    });
  }

  /** Run it to its end, without a restart. @returns its exit code; null when a signal ended it. */
  runOnce(): Promise<number | null> {
    this.start();
    this.#wanted = false;
    return new Promise((resolve) => this.#child!.once("exit", resolve));
  }

  signal(name: NodeJS.Signals): void {
    if (name === "SIGKILL") this.#killed = true;
    if (this.#child?.pid) {
      try {
        process.kill(this.#child.pid, name);
      } catch {
        // it has just ended: that is what we wanted
      }
    }
  }

  async stop(graceMs = 8_000): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    if (!child) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    this.signal("SIGCONT");
    this.signal("SIGTERM");
    const kill = setTimeout(() => this.signal("SIGKILL"), graceMs);
    await gone;
    clearTimeout(kill);
  }
}

/** Process ids whose environment carries one of these markers: every process of a job, however deep. Linux only. */
export function pidsWithEnv(...markers: string[]): number[] {
  const wanted = new Set(markers);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").some((entry) => wanted.has(entry)) && !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");
      } catch {
        return false; // ended while we looked
      }
    });
}

/** Wait for a condition, looking often. @throws Error naming what was waited for. */
export async function until<T>(what: string, check: () => Promise<T | null | undefined | false>, seconds: number): Promise<T> {
  const end = performance.now() + seconds * 1000;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const value = await check();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Waited ${seconds} s for ${what}.${last instanceof Error ? ` Last error: ${last.message}` : ""}`);
}
