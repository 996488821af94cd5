import { type ChildProcess, spawn } from "node:child_process";
import { openSync, closeSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Whether a process of this pid lives and is no zombie. */
export function lives(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Polls until it holds. @throws Error that names what was waited for and shows what `why` says. */
export async function until(what: string, look: () => boolean | Promise<boolean>, seconds: number, why: () => string = () => ""): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await look())) {
    if (performance.now() > end) throw new Error(`Waited ${seconds} s for ${what}. ${why()}`.trim());
    await pause(50);
  }
}

/** One daemon in the foreground, as a session of its own with its pid in a file, so that another process can end it by that pid. */
export class Daemon {
  private child: ChildProcess | null = null;

  readonly name: string;
  private readonly home: string;
  private readonly command: string[];
  private readonly env: Record<string, string>;

  constructor(name: string, home: string, command: string[], env: Record<string, string>) {
    this.name = name;
    this.home = home;
    this.command = command;
    this.env = env;
  }

  get pidFile(): string {
    return path.join(this.home, "run", `bg.${this.name}`);
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  start(): void {
    const output = openSync(path.join(this.home, "log", `${this.name}.out`), "a");
    const [program, ...args] = this.command as [string, ...string[]];
    this.child = spawn(program, args, { env: this.env as Record<string, string> as NodeJS.ProcessEnv, detached: true, stdio: ["ignore", output, output] });
    this.child.on("error", () => {}); // it then never becomes ready, and that is reported
    this.child.unref();
    closeSync(output);
    if (this.child.pid) writeFileSync(this.pidFile, String(this.child.pid));
  }

  get running(): boolean {
    return this.pid !== null && lives(this.pid);
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const pid = this.pid;
    if (pid === null || !lives(pid)) return;
    process.kill(pid, signal);
    await until(`${this.name} to end`, () => !lives(pid), 30);
  }
}
